"""The analyses of a report, in the order of their sections. To add one: its module, template, line here and test."""

from reportgen.analyses.architecture import Architecture
from reportgen.analyses.base import Analysis
from reportgen.analyses.feature_maps import FeatureMaps
from reportgen.analyses.filter_grids import FilterGrids
from reportgen.analyses.sample_predictions import SamplePredictions
from reportgen.analyses.weight_histograms import WeightHistograms

ANALYSES: tuple[Analysis, ...] = (
    Architecture(),
    WeightHistograms(),
    FilterGrids(),
    SamplePredictions(),
    FeatureMaps(),
)
