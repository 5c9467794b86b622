"""What can be drawn, for plug-ins; it lives in `reportgen.results`."""

from reportgen.results import (
    Curve,
    Histogram,
    ImageGrid,
    Lines,
    Matrix,
    NullBands,
    Palette,
    Panel,
    PanelGrid,
    Plottable,
    Strip,
)

__all__ = [
    "Curve",
    "Histogram",
    "ImageGrid",
    "Lines",
    "Matrix",
    "NullBands",
    "Palette",
    "Panel",
    "PanelGrid",
    "Plottable",
    "Strip",
]
