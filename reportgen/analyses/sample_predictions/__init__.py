"""The chosen samples with what the model answers."""

from reportgen.analyses.sample_predictions.analysis import SamplePredictions
