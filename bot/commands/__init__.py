"""The `frontdesk` command: one file for each thing a person at a terminal may want."""
