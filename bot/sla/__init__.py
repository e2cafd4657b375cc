"""Deadlines: business calendars, policies, clocks as a pure function of a ticket's history, and what acts on them."""
