"""Keys, hashes, signatures, sealed values and randomness."""
