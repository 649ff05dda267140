"""The rules: pure functions and frozen values; time and randomness are arguments."""
