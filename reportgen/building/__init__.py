"""Makes a report of a model and samples, for `build_report()` and the command line, and says what it was made of."""
