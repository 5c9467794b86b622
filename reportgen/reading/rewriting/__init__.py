"""Configurations of older files, rewritten for this Keras, and what of them is permitted."""
