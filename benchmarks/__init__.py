"""What the server costs, as ratios side by side in one run: `make bench`."""
