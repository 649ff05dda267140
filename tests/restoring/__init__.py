"""Backups, what a restore ends again, and the journal that knows it."""
