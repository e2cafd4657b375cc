"""Call-backs: who may have one, when, and what becomes of it."""
