"""The values of every kernel, trained and untrained."""

from reportgen.analyses.weight_histograms.analysis import WeightHistograms
