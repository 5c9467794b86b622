"""The analyses of a report, in the order of their sections. To add one: its module, template, line here and test."""

from reportgen.analyses.architecture import Architecture
from reportgen.analyses.attribution import Attribution
from reportgen.analyses.base import Analysis
from reportgen.analyses.batch_normalization import BatchNormalization
from reportgen.analyses.channel_activity import ChannelActivity
from reportgen.analyses.feature_maps import FeatureMaps
from reportgen.analyses.filter_grids import FilterGrids
from reportgen.analyses.filter_responses import FilterResponses
from reportgen.analyses.learned import Learned
from reportgen.analyses.prediction_quality import PredictionQuality
from reportgen.analyses.preprocessing_check import PreprocessingCheck
from reportgen.analyses.sample_predictions import SamplePredictions
from reportgen.analyses.weight_histograms import WeightHistograms

ANALYSES: tuple[Analysis, ...] = (
    Architecture(),
    WeightHistograms(),
    Learned(),
    FilterGrids(),
    SamplePredictions(),
    PredictionQuality(),
    PreprocessingCheck(),
    FeatureMaps(),
    ChannelActivity(),
    BatchNormalization(),
    FilterResponses(),
    Attribution(),
)
