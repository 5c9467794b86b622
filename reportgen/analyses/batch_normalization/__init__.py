"""Stored moments of batch normalisations, against those that the samples bring."""

from reportgen.analyses.batch_normalization.analysis import BatchNormalization
