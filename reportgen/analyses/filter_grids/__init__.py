"""The kernels of the shown layers, trained and untrained."""

from reportgen.analyses.filter_grids.analysis import FilterGrids
