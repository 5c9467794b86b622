"""Kernels and what can be said of their values alone."""
