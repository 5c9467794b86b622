"""A model file, from its first bytes to a live network."""
