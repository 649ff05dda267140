"""Long runs that break things on purpose: several nodes, crashes, pauses, power cuts; `python -m faults --help`."""
