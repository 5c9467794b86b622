"""What is inside a model file, whichever its format, with every size checked before it is read."""
