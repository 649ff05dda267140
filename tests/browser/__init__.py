"""The sign-in page in a real browser."""
