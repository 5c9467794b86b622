"""From a model and samples to a report: what `build_report()` and the command line call, and where the report says it is from."""
