"""How bright the samples are: an example of an analysis that another package brings."""
