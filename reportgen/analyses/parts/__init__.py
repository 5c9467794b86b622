"""Parts of analyses that would be too long for one file; each is imported by one analysis alone."""
