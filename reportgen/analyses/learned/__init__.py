"""Which kernels training has moved away from their initialiser."""

from reportgen.analyses.learned.analysis import Learned
