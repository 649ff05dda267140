"""Badgepin: self-hosted badge + PIN sign-in for people who share devices."""

__version__ = "0.1.0"
