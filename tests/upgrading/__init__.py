"""Upgrades: two versions of the program on one database, migrations that fail, and the way back."""
