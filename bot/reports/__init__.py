"""Reports for leads: arithmetic over what the store read, tables of the results, charts of these. None asks a clock."""
