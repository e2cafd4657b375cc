"""Graph components for any Rasa 3.6 project; docs/understanding.md tells how to use them elsewhere."""
