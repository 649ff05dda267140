"""The sample tenant, and what `make demo` prints about it."""
