"""The kinds of files that samples and labels are read from."""
