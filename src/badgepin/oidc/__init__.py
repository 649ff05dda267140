"""The door that issues tokens."""
