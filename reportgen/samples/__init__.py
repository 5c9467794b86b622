"""Samples and their labels, from what the user names to arrays that the model may receive."""
