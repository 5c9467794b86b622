"""What the templates of one page share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reportgen.messages import joined, say
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
    level,
    matrix_grid,
)
from reportgen.rendering.language import Language
from reportgen.rendering.wording import lined_up
from reportgen.results.plottables import Curve, Histogram, ImageGrid, Matrix, Palette, PanelGrid

NOT_EVIDENCE = say("not evidence")
NO_POSITIVE_EVIDENCE = say("no positive evidence")
_STAMPS = {"✖": NOT_EVIDENCE, "∅": NO_POSITIVE_EVIDENCE, "?": say("not decided")}
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

    def maps_of(self, layers: Sequence[Any], position: int) -> list[ImageGrid]:
        """Return one sample's maps of all layers, brought to the same height where that can be."""
        return level([layer.samples[position].grid for layer in layers])

    def maxima(self, maps: Any) -> tuple[str, ...]:
        """Return what stands under each tile of a sample's maps: its largest value, or the sign of a silent channel."""
        silent = set(map(str, maps.silent))
        pairs = zip(maps.grid.labels, maps.grid.maxima, strict=True)
        return tuple(
            SILENT_SIGN if label in silent else self.language.number(float(value), 2) for label, value in pairs
        )

    def row_of_maxima(self, samples: Iterable[Any], row: int) -> list[str]:
        """Return the largest value of one shown channel's map for each of these samples."""
        return [self.language.number(float(maps.grid.maxima[row])) for maps in samples]

    def rows_of_tiles(self, tiles: Sequence[int], *rows: Sequence[Any]) -> str:
        """Return what there is to say about some tiles as lines of columns, one line for each row that is not empty."""
        number = self.language.number
        texts = ([str(one) if isinstance(one, str | int) else number(one) for one in row] for row in rows if len(row))
        return "\n".join(lined_up([text[tile] for tile in tiles]) for text in texts)

    def stamps(self, method: Any) -> tuple[str, ...]:
        """Return what stands under each attribution map: its class and, where there is room, why it says nothing."""
        room = geometry_of(method.figure).label_characters - 1
        names = tuple(self.language.name(sample.target) for sample in method.samples)
        told = tuple(
            self.language.text(joined((name, _STAMPS[sample.sign]))) if sample.sign else name
            for name, sample in zip(names, method.samples, strict=True)
        )
        longest = max(len(f"{label} {text}") for label, text in zip(method.figure.labels, told, strict=True))
        return told if longest <= room else names

    def strongest(self, layer: Any) -> tuple[str, ...]:
        """Return what stands under each channel's patches: its largest answer."""
        return tuple(self.language.number(channel.values[0]) for channel in layer.channels)

    def histogram(self, histogram: Histogram, size: str = "small") -> str:
        """Return the URI of a histogram's figure."""
        return data_uri(figure_svg(draw_histogram(histogram, size=size, said=self.language.text)), "image/svg+xml")

    def curve(self, curve: Curve) -> str:
        """Return the URI of a curve's figure."""
        return data_uri(figure_svg(draw_curve(curve, said=self.language.text)), "image/svg+xml")
