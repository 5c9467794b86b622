"""The analyses of a report, in the order of their sections. To add one: its module, template, line here and test."""

from reportgen.analyses.architecture import Architecture
from reportgen.analyses.attribution.analysis import Attribution
from reportgen.analyses.base import Analysis
from reportgen.analyses.batch_normalization.analysis import BatchNormalization
from reportgen.analyses.channel_activity.analysis import ChannelActivity
from reportgen.analyses.concepts.analysis import Concepts
from reportgen.analyses.confidence.analysis import Confidence
from reportgen.analyses.data_quality.analysis import DataQuality
from reportgen.analyses.feature_maps import FeatureMaps
from reportgen.analyses.filter_grids.analysis import FilterGrids
from reportgen.analyses.filter_responses.analysis import FilterResponses
from reportgen.analyses.learned.analysis import Learned
from reportgen.analyses.prediction_quality.analysis import PredictionQuality
from reportgen.analyses.preprocessing_check.analysis import PreprocessingCheck
from reportgen.analyses.robustness.analysis import Robustness
from reportgen.analyses.sample_map.analysis import SampleMap
from reportgen.analyses.sample_predictions.analysis import SamplePredictions
from reportgen.analyses.shortcuts.analysis import Shortcuts
from reportgen.analyses.slices.analysis import Slices
from reportgen.analyses.training.analysis import Training
from reportgen.analyses.weight_histograms.analysis import WeightHistograms

ANALYSES: tuple[Analysis, ...] = (
    Architecture(),
    WeightHistograms(),
    Learned(),
    Training(),
    FilterGrids(),
    SamplePredictions(),
    PredictionQuality(),
    Confidence(),
    SampleMap(),
    Slices(),
    DataQuality(),
    PreprocessingCheck(),
    Robustness(),
    Shortcuts(),
    Concepts(),
    FeatureMaps(),
    ChannelActivity(),
    BatchNormalization(),
    FilterResponses(),
    Attribution(),
)
