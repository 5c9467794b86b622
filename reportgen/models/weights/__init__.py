"""Kernels, and what can be said of their values alone: draws, statistics, spectra and norms."""

from reportgen.models.weights.kernel_statistics import FEWEST_EIGENVALUES, NEAR_ZERO, STATISTICS
from reportgen.models.weights.kernels import LayerKernel, is_convolution, layer_kernels
from reportgen.models.weights.null_comparison import (
    MARGIN,
    MOST_REDRAWS,
    ChanceAlone,
    NullComparison,
    NullDraws,
    compare_kernels,
)
from reportgen.models.weights.operator_norms import operator_norm
from reportgen.models.weights.redraws import MOST_COMPARED, draw_initial
from reportgen.models.weights.variables import OtherVariable, other_variables

__all__ = [
    "FEWEST_EIGENVALUES",
    "MARGIN",
    "MOST_COMPARED",
    "MOST_REDRAWS",
    "NEAR_ZERO",
    "STATISTICS",
    "ChanceAlone",
    "LayerKernel",
    "NullComparison",
    "NullDraws",
    "OtherVariable",
    "compare_kernels",
    "draw_initial",
    "is_convolution",
    "layer_kernels",
    "operator_norm",
    "other_variables",
]
