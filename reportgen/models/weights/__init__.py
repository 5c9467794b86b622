"""Kernels, and what can be said of their values alone: draws, statistics, spectra and norms."""

from reportgen.models.weights.kernel_statistics import (
    FEWEST_EIGENVALUES,
    KURTOSIS,
    NORM,
    RANK,
    SIZE,
    SMOOTHNESS,
    STATISTICS,
)
from reportgen.models.weights.kernels import LayerKernel, is_convolution, is_kernel, layer_kernels
from reportgen.models.weights.laws import draw_as_keras
from reportgen.models.weights.moments import NEAR_ZERO, WeightMoments, weight_moments
from reportgen.models.weights.null_comparison import (
    LEADING,
    MARGIN,
    MOST_REDRAWS,
    ChanceAlone,
    NullComparison,
    NullDraws,
    compare_kernels,
)
from reportgen.models.weights.null_moments import FEWEST_NULL_ROWS, FEWEST_NULL_WEIGHTS
from reportgen.models.weights.operator_norms import FEW_ENTRIES, MOST_ENTRIES, SOME_ENTRIES, operator_norm
from reportgen.models.weights.redraws import MOST_COMPARED, draw_initial, initial_deviation, initial_weights
from reportgen.models.weights.supports import Support, few_levels, support_of
from reportgen.models.weights.variables import OtherVariable, other_variables
