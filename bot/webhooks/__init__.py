"""Telling the outside of tickets: signed, in order, again until it is heard, and never inward."""
