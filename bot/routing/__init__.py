"""Who gets which ticket, who is there, and how long the others will wait."""
