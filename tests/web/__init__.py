"""Tests of what every HTTP door shares."""
