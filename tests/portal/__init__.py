"""Signing in through the real application."""
