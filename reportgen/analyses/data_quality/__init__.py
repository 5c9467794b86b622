"""Whether the samples are what a test needs: different from one another, with something in them, and labelled alike."""

from reportgen.analyses.data_quality.analysis import DataQuality
