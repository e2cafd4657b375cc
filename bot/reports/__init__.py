"""Reports for leads: arithmetic over what the store read, tables of the results, charts of the tables. No part asks a clock."""
