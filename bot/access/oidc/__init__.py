"""Signing in with an OpenID provider: there and back, and what is believed of what it says."""
