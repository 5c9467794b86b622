"""One template for each analysis, named after its module."""
