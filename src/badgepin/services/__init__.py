"""The verbs: load, decide, save, record."""
