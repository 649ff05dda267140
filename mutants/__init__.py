"""Weaker variants of the product, each of which some test must refuse: `python -m mutants` (docs/testing.md)."""
