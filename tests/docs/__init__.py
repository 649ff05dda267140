"""What the documents show works as they show it."""
