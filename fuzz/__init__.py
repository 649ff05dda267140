"""Fuzzing of what strangers can send before anything of theirs is believed (`make fuzz`, docs/testing.md)."""
