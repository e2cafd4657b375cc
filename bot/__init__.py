"""Frontdesk: people write where they are, and get an approved answer or a human."""
