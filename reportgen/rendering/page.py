"""What the templates of one page share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reportgen.rendering.anchors import Anchors
from reportgen.rendering.encoding import data_uri, figure_svg, grid_png, panels_png
from reportgen.rendering.figures import draw_curve, draw_histogram
from reportgen.rendering.geometry import (
    SILENT_SIGN,
    GridGeometry,
    axis_texts,
    geometry_of,
    geometry_of_matrix,
    label_text,
    matrix_grid,
)
from reportgen.rendering.language import Language
from reportgen.results.plottables import Curve, Histogram, ImageGrid, Matrix, Palette, PanelGrid

_COMPUTED = (Palette.SEQUENTIAL, Palette.DIVERGING)


class Page:
    """What the templates of one page share: its language, its ids and the geometries of its grids.

    Args:
        language: of the page.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.anchors = Anchors()
        self.geometries: dict[str, GridGeometry] = {}

    def grid(self, plottable: ImageGrid | Matrix | PanelGrid, values: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return a grid as its template needs it: the picture's URI, its geometry and the text under its tiles."""
        grid = matrix_grid(plottable) if isinstance(plottable, Matrix) else plottable
        geometry = geometry_of_matrix(plottable) if isinstance(plottable, Matrix) else geometry_of(grid)
        self.geometries[geometry.css_class] = geometry
        # the scale beside panels is that of what was computed; the samples' own is said in words
        panels = grid.panels if isinstance(grid, PanelGrid) else (grid,)
        scale = next((panel for panel in panels if panel.palette in _COMPUTED), panels[0])
        silent = tuple(index for index, value in enumerate(values) if value == SILENT_SIGN)
        return {
            "uri": data_uri(grid_png(grid, silent) if isinstance(grid, ImageGrid) else panels_png(grid), "image/png"),
            "geometry": geometry,
            "labels": "" if geometry.step else label_text(grid, values),
            "axes": axis_texts(grid, geometry) if geometry.step and isinstance(grid, ImageGrid) else (),
            "palette": scale.palette.value,
            "low": scale.value_range[0],
            "middle": sum(scale.value_range) / 2,
            "high": scale.value_range[1],
        }

    def values(self, numbers: Iterable[float | None], digits: int = 3) -> tuple[str, ...]:
        """Return what stands under the tiles of a grid: a number for each, or the sign of a silent channel for None."""
        return tuple(SILENT_SIGN if one is None else self.language.number(one, digits) for one in numbers)

    def histogram(self, histogram: Histogram, size: str = "small") -> str:
        """Return the URI of a histogram's figure."""
        return data_uri(figure_svg(draw_histogram(histogram, size=size, said=self.language.text)), "image/svg+xml")

    def curve(self, curve: Curve) -> str:
        """Return the URI of a curve's figure."""
        return data_uri(figure_svg(draw_curve(curve, said=self.language.text)), "image/svg+xml")
