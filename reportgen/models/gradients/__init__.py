"""Gradients of the outputs, and inputs made with them."""
