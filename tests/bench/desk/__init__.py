"""The desk with many tickets: what its pages ask the database for, against the same with a hundredth of the data."""
