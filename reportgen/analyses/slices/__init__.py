"""Groups of samples, and whether the model does worse on one than on the others."""

from reportgen.analyses.slices.analysis import Slices as Slices
