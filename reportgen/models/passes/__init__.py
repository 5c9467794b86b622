"""Forward passes: what layers received and returned, recorded or replaced."""
