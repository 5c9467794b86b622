"""How right the predictions are, and how sure that is."""

from reportgen.analyses.prediction_quality.analysis import PredictionQuality
