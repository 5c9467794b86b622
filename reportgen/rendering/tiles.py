"""A grid of tiles as one picture: an SVG around one PNG, with labels, bars and scale inside, so that a saved one can be read.

The PNG holds every tile in its own contrast, in shades of grey; a veil of one pixel for each tile, drawn over it, brings all
of them onto one scale, and a filter turns grey into colours. Whether the veil is seen is the picture's only switch: it is in a
light colour scheme (`color-scheme: only light`) and is not in a dark one, so that a page changes it without script and without
a second picture. Where the picture gets little width, each row breaks into as many as needed, and what is wider even so has
larger letters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from reportgen.rendering.encoding import (
    COLOUR_MAPS,
    GROUND_COLOUR,
    byte_levels,
    data_uri,
    levels_of,
    lookup_table,
    png_bytes,
)
from reportgen.rendering.panels import PanelTiles, panel_tiles
from reportgen.rendering.svg import compact
from reportgen.results import ImageGrid, Palette, PanelGrid

SILENT_SIGN = "\N{EMPTY SET}"
"""Stands for the value of a tile whose channel is silent."""

_SHADES = {Palette.SEQUENTIAL: 32, Palette.DIVERGING: 127}
"""Shades of a scale; a diverging one has zero in the middle. A step of a map is 3 % of its scale; 64 take a fifth more bytes."""
_PLATES = {
    Palette.SEQUENTIAL: ("#101316", "#d5dadf"),
    Palette.DIVERGING: ("#fff", "#3a4148"),
    Palette.COLOUR: ("#fff", "#3a4148"),
    Palette.GREY: ("#101316", "#d5dadf"),
}
"""Ground and text by palette: dark colours stand out on dark, pale ones on white, in either theme of the page."""
_SILENT = "#2b3138"
_BAR = "#7fb2d9"
_STOPS = 11  # of a colour map between which the filter interpolates; RdBu is defined by so many
_FONT = 11  # CSS pixels
_DIGIT = 7  # CSS pixels from one digit of a label to the next
_GAP = 4  # CSS pixels between tiles that are aimed at; twice as many between kernels, whose pale edges melt into the ground
_LABEL = 16  # CSS pixels under a tile
_STRENGTH = 5  # CSS pixels more where a bar stands there
_PADDING = 8
_LEGEND = 34
_RAMP = 160  # CSS pixels of the scale
_CELL, _BETWEEN = 56, 2  # pixels of the PNG that patches take under one tile, and those between two of them
_LEAST, _WORDS = 330, 376  # CSS pixels that the scale and its words need on a narrow screen, and elsewhere
_NARROW, _PHONE = 354, 366  # CSS pixels that a row may take on a narrow screen, and the picture around it
_NARROW_PANELS = 500  # of panels, which may be shown smaller than they are
_LARGEST_FONT = 22  # CSS pixels, of a picture that is shown smaller than it is
_STRIP_WIDTH, _STRIPS_HEIGHT = 640, 384  # CSS pixels that strips one above another aim at
_STRIP = (3, 24)  # CSS pixels that one of them may be high
_ROW_LABEL = 36  # CSS pixels beside them
_MIDDLE = 127  # shade of zero
_MOST = 1.15  # of the size aimed at
_APART = 28  # CSS pixels of a gap at most, where a row is spread over the width of its column
_MOST_FILLED = 1.4  # times the size of a panel that fills the width
_PANELS_APART = 16  # CSS pixels between tiles of several panels
_RAMP_STOPS = 15  # palette steps from one colour of a scale to the next


@dataclass(frozen=True, kw_only=True)
class TileWords:
    """What is written below the tiles.

    Attributes:
        scale: what the shared scale shows, with its unit.
        own: what stands in its place where each tile has its own contrast.
        detail: a second line; '' for none.
        ticks: numbers at the beginning, the middle and the end of the shared scale.
    """

    scale: str
    own: str
    ticks: tuple[str, str, str]
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A grid of tiles, alone or one of several that share a picture.

    Attributes:
        grid: the grid, of any palette but LINES; of greys, colours and panels there is no other contrast.
        words: what stands below; without any text there is no scale.
        strengths: for each tile the length of a bar under it, as a share of the tile's width; none for no bars.
        silent: tiles whose channel is silent: they are grey, a colour of no map.
        patches: pictures that stand under the tiles of a grid of one row, as many under each; of palette GREY or COLOUR.
    """

    grid: ImageGrid | PanelGrid
    words: TileWords
    strengths: Sequence[float] = ()
    silent: Sequence[int] = ()
    patches: ImageGrid | None = None


@dataclass(frozen=True)
class TilePicture:
    """A picture of tiles.

    Attributes:
        svg: the picture; of several frames one above another, of which a page shows one at a time.
        size: width and height of a frame in CSS pixels.
        folded: the same where it has little room; None for one that is not folded.
        cells: where the tiles of a frame stand, in CSS pixels and the order of `GridCells`.
        frames: how many there are.
    """

    svg: str
    size: tuple[int, int]
    folded: tuple[int, int] | None
    cells: GridCells
    frames: int = 1


class GridCells(NamedTuple):
    """Where the tiles of a picture stand, for a script that finds the tile under a pointer and cuts one out.

    Attributes:
        left, top: where the first tile begins.
        across, down: from one tile to the next.
        wide, high: size of a tile.
        columns: tiles in a row.
        width, height: size of the picture.
        folded: its width where fewer tiles stand in a row; 0 for a picture that is not folded.
        fewer: tiles in a row then.
    """

    left: float
    top: float
    across: float
    down: float
    wide: float
    high: float
    columns: int
    width: int
    height: int
    folded: int = 0
    fewer: int = 0

    def __str__(self) -> str:
        """Return the numbers in their order, as the page's attribute holds them."""
        return " ".join(map(compact, self))


@dataclass(frozen=True)
class _Layout:
    """Where tiles stand. What is counted in cells is in pixels of the PNG, each of which is `unit` CSS pixels wide and high."""

    tile: tuple[int, int]  # cells along x and y
    unit: tuple[float, float]
    repeat: int  # cells of each value along both axes
    gap: int  # cells beside a tile
    below: int  # cells under it
    columns: int
    rows: int
    left: int = 0  # CSS pixels for the labels of rows
    named: bool = False  # whether each tile's label is a text of its own, as where it is long
    count: int = 0  # tiles, of which the last row may hold fewer

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a tile in CSS pixels."""
        return self.tile[0] * self.unit[0], self.tile[1] * self.unit[1]

    @property
    def pitch(self) -> tuple[float, float]:
        """CSS pixels from one tile to the next."""
        return (self.tile[0] + self.gap) * self.unit[0], (self.tile[1] + self.below) * self.unit[1]

    def folds(self, fewer: int) -> int:
        """Return how many rows of so many tiles the rows become; what would be an empty one is none."""
        last = self.count - (self.rows - 1) * self.columns
        return (self.rows - 1) * math.ceil(self.columns / fewer) + math.ceil(last / fewer)

    def at(self, place: int) -> tuple[float, float]:
        """Return where a tile begins."""
        row, column = divmod(place, self.columns)
        return self.left + column * self.pitch[0], row * self.pitch[1]


def _panel_layout(tiles: PanelTiles, columns: int, room: int) -> _Layout:
    """Return where tiles of several panels stand, which fill the room."""
    count, size, gap = len(tiles.pixels), tiles.pixels.shape[1:3], math.ceil(_PANELS_APART / tiles.unit)
    unit = min(_MOST_FILLED * tiles.unit, room / (columns * (size[1] + gap) - gap))
    below = math.ceil((_LARGEST_FONT if size[1] * unit > _NARROW else _LABEL) / unit)
    return _Layout(
        (size[1], size[0]), (unit, unit), 1, gap, below, columns, math.ceil(count / columns), named=True, count=count
    )


def _layout(grid: ImageGrid, aim: int, fit: int, below: float) -> _Layout:
    """Return where the tiles stand: values at whole multiples of CSS pixels where one comes near the size aimed at."""
    count, height, width = grid.images.shape[:3]
    if grid.columns == 1 and count > 1:
        room = fit - 2 * _PADDING - _ROW_LABEL if fit else _STRIP_WIDTH
        across, down = room / width, min(max(_STRIPS_HEIGHT // (count * height), _STRIP[0]), _STRIP[1])
        # maps of all layers end where the signal does, whatever their length
        unit = (math.floor(across) if across >= 1 and grid.palette is Palette.DIVERGING else across, float(down))
        return _Layout((width, height), unit, 1, 0, 0, 1, count, left=_ROW_LABEL, count=count)
    scale: float = int(aim * _MOST) // max(height, width)
    if fit:
        scale = min(scale, (fit - 2 * _PADDING - (grid.columns - 1) * _GAP) // (grid.columns * width))
    if scale * max(height, width) < aim / _MOST**2:  # between one and two pixels a value there is no whole multiple
        scale = aim / max(height, width)
    # where a value is wide a gap as wide would be a hole, so that the PNG is made of smaller pixels
    cell = scale if scale < 2 * _GAP else next((float(part) for part in (4, 3, 2) if scale % part == 0), 1.0)
    repeat = round(scale / cell)
    gap = max(1, round(_GAP * (1 if grid.palette is Palette.SEQUENTIAL else 2) / cell))
    if fit and grid.columns > 1:  # spread over the width of the column
        spread = (fit - 2 * _PADDING - grid.columns * width * repeat * cell) / (grid.columns - 1)
        gap = max(1, int(spread / cell)) if spread <= _APART else gap
    # a row of values is as high as a letter
    tall = cell * max(1, round(_LABEL / (repeat * cell))) if height == 1 < width else cell
    return _Layout(
        tile=(width * repeat, height * repeat),
        unit=(cell, tall),
        repeat=repeat,
        gap=gap,
        below=math.ceil(below / tall),
        columns=grid.columns,
        rows=math.ceil(count / grid.columns),
        count=count,
    )


def tile_picture(*frames: Frame, aim: int, fit: int = 0) -> TilePicture:
    """Return grids of tiles as a picture: one, or several of the same shape, whose labels and scale are written once.

    Args:
        frames: the grids.
        aim: CSS pixels that a tile should be wide.
        fit: CSS pixels that the picture is wide, where there is room; 0 for what its tiles need.
    """
    drawn = [_Drawn.of(frame, aim, fit) for frame in frames]
    first = drawn[0]
    layout, palette, (ground, ink) = first.layout, first.palette, first.plate
    width = math.ceil(layout.left + layout.columns * layout.pitch[0] - layout.gap * layout.unit[0])
    height = math.ceil(layout.rows * layout.pitch[1])
    coloured = first.shares is not None
    legends = [_legend(frame.words, palette, filtered=coloured) for frame in frames]
    legend = any(any(parts) for parts in legends)
    foot = (_LEGEND if legend else 0) + 2 * _PADDING
    full = (max(width, fit - 2 * _PADDING if fit else _WORDS if legend else 0) + 2 * _PADDING, height + foot)
    indent = max(0, (full[0] - width) // 2) if width > 0.85 * full[0] and not layout.left else _PADDING
    folded, fewer = None, _fewer(layout)
    if fewer < layout.columns:
        part = math.ceil(fewer * layout.pitch[0] - layout.gap * layout.unit[0])
        folded = (
            max(part, _LEAST if legend else 0) + 2 * _PADDING,
            math.ceil(layout.folds(fewer) * layout.pitch[1]) + foot,
        )
    cells = GridCells(layout.left + indent, _PADDING, *layout.pitch, *layout.size, layout.columns, *full)
    if folded is not None:
        cells = cells._replace(folded=folded[0], fewer=fewer)
    looks = _Looks(ground, ink, _colour_filter(palette) if coloured else "", indent)
    film = _Film(layout, [_parts(one, ground) for one in drawn], legends, full, folded, fewer)
    return TilePicture(_document(film, looks), full, folded, cells, len(frames))


@dataclass(frozen=True)
class _Drawn:
    """A frame as it is drawn: where its tiles stand, their pixels and colours, and what it has beside them."""

    frame: Frame
    layout: _Layout
    pixels: np.ndarray
    palette: Palette
    plate: tuple[str, str]
    shares: np.ndarray | None = None
    table: np.ndarray | None = None

    @classmethod
    def of(cls, frame: Frame, aim: int, fit: int) -> _Drawn:
        grid = frame.grid
        if isinstance(grid, PanelGrid):
            tiles = panel_tiles(grid, aim)
            layout = _panel_layout(tiles, grid.columns, (fit or aim * grid.columns) - 2 * _PADDING)
            palette = tiles.scale.palette if tiles.scale else Palette.COLOUR
            plate = "#" + bytes(GROUND_COLOUR).hex(), "#3a4148"
            return cls(frame, layout, tiles.pixels, palette, plate, table=tiles.table)
        below: float = _LABEL + _STRENGTH * bool(frame.strengths)
        if frame.patches is not None:
            below += _patch_side(frame.patches, grid.columns) * aim / _CELL + 2 * _PADDING
        layout, plate = _layout(grid, aim, fit, below), _PLATES[grid.palette]
        if grid.palette is Palette.COLOUR:
            return cls(frame, layout, byte_levels(grid)[..., :3], grid.palette, plate)
        if grid.palette is Palette.GREY:
            return cls(frame, layout, levels_of(grid) * 2 + np.uint8(1), grid.palette, plate)
        shares, pixels = _own_contrast(grid)
        return cls(frame, layout, pixels, grid.palette, plate, shares)


def _parts(drawn: _Drawn, ground: str) -> _Body:
    """Return the parts of a frame in the order of drawing."""
    frame, labels = drawn.frame, drawn.frame.grid.labels
    body = _Body(drawn.layout)
    body.tiles(drawn.pixels, drawn.shares, drawn.palette, drawn.table)
    if drawn.shares is not None:
        body.lines(ground)
    body.blanks(len(labels), ground, frame.silent)
    body.bars(frame.strengths)
    if frame.patches is not None:
        body.patches(frame.patches)
    body.labels(labels, frame.silent, bool(frame.strengths))
    return body


def _fewer(layout: _Layout) -> int:
    """Return how many tiles stand in a row on a narrow screen: all of them, or equal parts that fit."""
    room = _NARROW_PANELS if layout.named else _NARROW
    if layout.left or layout.columns * layout.pitch[0] - layout.gap * layout.unit[0] <= room:
        return layout.columns
    most = max(1, int((room + layout.gap * layout.unit[0]) / layout.pitch[0]))
    return math.ceil(layout.columns / math.ceil(layout.columns / most))


def _patch_side(patches: ImageGrid, columns: int) -> int:
    each = len(patches.images) // columns
    return (_CELL - _BETWEEN * (each - 1)) // each


def _own_contrast(grid: ImageGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return each tile's end as a share of the scale's, (N,), and shades of grey, (N, H, W) uint8, 0 for what is not finite."""
    end = (
        max(abs(grid.value_range[0]), grid.value_range[1]) if grid.palette is Palette.DIVERGING else grid.value_range[1]
    )
    finite = np.isfinite(grid.images)
    values = np.where(finite, grid.images, 0).astype(np.float64)
    if grid.palette is Palette.SEQUENTIAL:
        values = np.maximum(values, 0)
    ends = np.minimum(np.abs(values).max(axis=(1, 2)), end)
    shares = ends / end
    scaled = np.clip(values / np.where(ends > 0, ends, 1)[:, None, None], -1, 1)
    if grid.root:
        shares, scaled = np.sqrt(shares), np.sign(scaled) * np.sqrt(np.abs(scaled))
    steps = _SHADES[grid.palette] - 1
    step = 254 // steps
    levels = np.round((scaled + 1) / 2 * steps if grid.palette is Palette.DIVERGING else scaled * steps)
    shades = (255 - step * steps if grid.palette is Palette.SEQUENTIAL else 1) + step * levels
    return shares, np.where(finite, shades, 0).astype(np.uint8)


@dataclass(frozen=True)
class _Body:
    """The parts of a picture that are folded together: tiles, what stands under them, and the ground between them."""

    layout: _Layout
    parts: list[str] = field(default_factory=list)

    def tiles(self, pixels: np.ndarray, shares: np.ndarray | None, palette: Palette, table: np.ndarray | None) -> None:
        """Draw the tiles in their own contrast, and the veil that brings them onto one scale; without shares as they are."""
        layout = self.layout
        pixels = pixels.repeat(layout.repeat, axis=1).repeat(layout.repeat, axis=2)
        across, down = layout.tile[0] + layout.gap, layout.tile[1] + layout.below
        mosaic = np.zeros((layout.rows * down, layout.columns * across, *pixels.shape[3:]), np.uint8)
        if shares is None and pixels.ndim == 4:
            mosaic[:] = GROUND_COLOUR if layout.named else 255
        for index, tile in enumerate(pixels):
            row, column = divmod(index, layout.columns)
            top, left = row * down, column * across
            mosaic[top : top + layout.tile[1], left : left + layout.tile[0]] = tile
        width, height = compact(layout.columns * layout.pitch[0]), compact(layout.rows * layout.pitch[1])
        place = f"width='{width}' height='{height}'" + f" x='{layout.left}'" * bool(layout.left)
        free = " preserveAspectRatio='none'"
        picture = f"<image {place}{free * (layout.unit[0] != layout.unit[1])} href='{_uri(mosaic, table)}'/>"
        if shares is None:
            self.parts.append(picture)
            return
        veil = np.zeros((layout.rows, layout.columns, 2), np.uint8)
        veil[..., 0] = _MIDDLE if palette is Palette.DIVERGING else 0
        veil.reshape(-1, 2)[: len(shares), 1] = np.round(255 * (1 - shares))
        self.parts.append(f"<g filter='url(#f)'>{picture}<image class='v' {place}{free} href='{_uri(veil)}'/></g>")

    def patches(self, grid: ImageGrid) -> None:
        """Draw the patches under the tiles."""
        layout, each, side = (
            self.layout,
            len(grid.images) // self.layout.columns,
            _patch_side(grid, self.layout.columns),
        )
        finite = np.isfinite(grid.images)
        if grid.palette is Palette.COLOUR:
            pixels = np.where(finite.all(axis=-1, keepdims=True), byte_levels(grid)[..., :3], np.uint8(0))
        else:
            low, high = grid.value_range
            shades = np.clip((np.where(finite, grid.images, low).astype(np.float64) - low) / (high - low), 0, 1)
            pixels = np.where(finite, 1 + np.round(shades * 254), 0).astype(np.uint8)
        rows, columns = (np.arange(side) * size // side for size in pixels.shape[1:3])
        pixels = pixels[:, rows][:, :, columns]
        unit = layout.size[0] / _CELL
        across = round(layout.pitch[0] / unit)
        mosaic = np.zeros((side, across * layout.columns, *pixels.shape[3:]), np.uint8)
        for index, pixel in enumerate(pixels):
            left = index // each * across + index % each * (side + _BETWEEN)
            mosaic[:, left : left + side] = pixel
        width, height = compact(layout.columns * layout.pitch[0]), compact(side * unit)
        top = compact(layout.size[1] + _LABEL)
        self.parts.append(
            f"<image y='{top}' width='{width}' height='{height}' preserveAspectRatio='none' href='{_uri(mosaic)}'/>"
        )

    def lines(self, ground: str) -> None:
        """Draw the ground again where the veil lies over it: beside the tiles and under each row."""
        layout = self.layout
        (across, down), gap, below = layout.pitch, layout.gap * layout.unit[0], layout.below * layout.unit[1]
        right, bottom = layout.columns * across, layout.rows * down
        for thick, pitch, path, length in (
            (gap, across, f"M0,{compact(bottom / 2)}h{compact(right)}", bottom),
            (below, down, f"M{compact(right / 2)},0v{compact(bottom)}", right),
        ):
            if thick:  # one thick line with holes where the tiles are
                dashes = f"{compact(thick)},{compact(pitch - thick)}"
                self.parts.append(
                    f"<path stroke='{ground}' stroke-width='{compact(length)}' stroke-dasharray='{dashes}' "
                    f"stroke-dashoffset='{compact(thick - pitch)}' d='{path}'/>"
                )

    def blanks(self, count: int, ground: str, silent: Sequence[int]) -> None:
        """Cover the places behind the last tile, and what belongs to silent channels."""
        layout = self.layout
        wide, high = layout.size
        for places, colour in ((range(count, layout.rows * layout.columns), ground), (silent, _SILENT)):
            path = "".join(f"M{compact(x)},{compact(y + high / 2)}h{compact(wide)}" for x, y in map(layout.at, places))
            if path:
                self.parts.append(f"<path stroke='{colour}' stroke-width='{compact(high)}' d='{path}'/>")

    def bars(self, strengths: Sequence[float]) -> None:
        """Draw a bar under each tile, as long a share of its width as is given."""
        wide, high = self.layout.size
        path = "".join(
            f"M{round(x)},{round(y + high) + 3}h{round(strength * wide)}"
            for strength, (x, y) in ((one, self.layout.at(place)) for place, one in enumerate(strengths))
            if strength > 0
        )
        if path:
            self.parts.append(f"<path stroke='{_BAR}' stroke-width='3' d='{path}'/>")

    def labels(self, labels: Sequence[str], silent: Sequence[int], bars: bool) -> None:
        """Write the labels of each row as one text, in which every character has its place; those of strips beside them."""
        layout = self.layout
        texts = [label + f" {SILENT_SIGN}" * (place in silent) for place, label in enumerate(labels)]
        if layout.left:
            step = math.ceil(_LARGEST_FONT / layout.pitch[1])
            for row in range(0, layout.rows, step):
                y = compact(layout.at(row)[1] + min(layout.size[1] / 2 + 4, 12))
                self.parts.append(
                    f"<text x='{layout.left - 6}' y='{y}' text-anchor='end'>{_escaped(texts[row])}</text>"
                )
            return
        if layout.named:
            self.parts.extend(
                f"<text x='{compact(x)}' y='{compact(y + layout.pitch[1] - 4)}'>{_escaped(text)}</text>"
                for text, (x, y) in zip(texts, map(layout.at, range(len(texts))), strict=True)
            )
            return
        under = layout.size[1] + _FONT + _STRENGTH * bars
        for row in range(layout.rows):
            some = texts[row * layout.columns : (row + 1) * layout.columns]
            places = [
                compact(round(column * layout.pitch[0]) + _DIGIT * character)
                for column, text in enumerate(some)
                for character in range(len(text))
            ]
            y = compact(round(row * layout.pitch[1] + under))
            self.parts.append(f"<text y='{y}' x='{','.join(places)}'>{_escaped(''.join(some))}</text>")


@dataclass(frozen=True)
class _Film:
    """Frames one above another: what all of them have is written once.

    Attributes:
        layout: where the tiles of a frame stand.
        bodies: the frames.
        legends: the scale below each, see `_legend`.
        full, folded: sizes of a frame, see `TilePicture`.
        fewer: tiles in a row of a folded one.
    """

    layout: _Layout
    bodies: list[_Body]
    legends: list[tuple[str, ...]]
    full: tuple[int, int]
    folded: tuple[int, int] | None
    fewer: int

    def definitions(self) -> str:
        """Return the tiles of each frame, and its scale; each by itself, as whoever uses a definition has a copy of it all."""
        first, *others = (body.parts for body in self.bodies)
        common = [part for part in first[1:] if all(part in parts for parts in others)] if others else []
        shared = f"<g id='g'>{''.join(common)}</g>" if common else ""
        drawn = []
        for place, parts in enumerate((first, *others)):
            # the tiles, then the ground between them, then what stands on it
            tiles, *rest = (part for part in parts if part not in common)
            inner = tiles + "<use href='#g'/>" * bool(common) + "".join(rest)
            drawn.append(f"<g id='a{place}'>{inner}</g>")
        same = [len(set(parts)) == 1 for parts in zip(*self.legends, strict=True)]
        legend = "".join(part for part, one in zip(self.legends[0], same, strict=True) if one)
        own = (
            f"<g id='l{place}'><use href='#l'/>{''.join(part for part, one in zip(parts, same, strict=True) if not one)}</g>"
            for place, parts in enumerate(self.legends)
        )
        return f"{shared}{''.join(drawn)}<g id='l'>{legend}</g>{'' if all(same) else ''.join(own)}"

    def tiles_at(self, x: float) -> str:
        """Return the tiles of all frames, one above another."""
        return "".join(
            f"<use href='#a{place}' x='{x}' y='{place * self.full[1] + _PADDING}'/>"
            for place in range(len(self.bodies))
        )

    @property
    def one_legend(self) -> bool:
        """Whether the same stands below all frames."""
        return len(set(self.legends)) == 1

    def scales_at(self, x: float, pitch: int) -> str:
        """Return the scales of all frames of such a height."""
        names = ["l" if self.one_legend else f"l{place}" for place in range(len(self.bodies))]
        foot = _PADDING + _LEGEND * any(self.legends[0])
        return "".join(
            f"<use href='#{name}' x='{x}' y='{(place + 1) * pitch - foot}'/>" for place, name in enumerate(names)
        )

    def windows(self) -> str:
        """Return the parts of all rows, each of so many tiles, one under another."""
        assert self.folded is not None
        (across, down), fewer, rows = self.layout.pitch, self.fewer, self.layout.rows
        breaks, wide = math.ceil(self.layout.columns / fewer), compact(fewer * across)
        places = [(frame, row) for frame in range(len(self.bodies)) for row in range(rows)]
        at = f"x='{_PADDING}' y='{_PADDING}' width='{wide}' overflow='visible'"

        def window(name: str, x: float, y: float, top: float) -> str:
            """Return a window, as large as the drawing around it, on what stands at x and y in another."""
            found = f" x='-{compact(x)}'" * bool(x) + f" y='-{compact(y)}'" * bool(y)
            return "<svg" + f" y='{compact(top)}'" * bool(top) + f"><use href='#{name}'{found}/></svg>"

        if breaks * rows > self.layout.folds(fewer):  # the last row breaks into fewer parts
            parts = "".join(
                window(f"a{frame}", part * fewer * across, row * down, frame * self.folded[1] + place * down)
                for frame in range(len(self.bodies))
                for place in range(self.layout.folds(fewer))
                for row, part in [divmod(place, breaks)]
            )
            return f"<svg {at} height='{compact(down)}'>{parts}</svg>"
        # rows are set apart, and their parts then put into the gaps
        apart = "".join(
            window(f"a{frame}", 0, row * down, frame * self.folded[1] + row * breaks * down) for frame, row in places
        )
        whole = f"width='{compact(self.layout.columns * across)}' height='{compact(down)}' overflow='visible'"
        parts = "".join(window("b", part * fewer * across, 0, part * down) for part in range(breaks))
        height = len(self.bodies) * self.folded[1]
        return f"<defs><svg id='b' {whole}>{apart}</svg></defs><svg {at} height='{height}'>{parts}</svg>"


def _legend(words: TileWords, palette: Palette, *, filtered: bool) -> tuple[str, ...]:
    """Return the parts of a scale: its colours, its name, what is said below that, its numbers, and the name in own contrast.

    Args:
        words: what is written; '' for none.
        palette: the scale's.
        filtered: whether a filter turns greys into the palette's colours.
    """
    low, middle, high = map(_escaped, words.ticks)
    if _DIGIT * (len(words.ticks[1]) / 2 + len(words.ticks[2])) > _RAMP / 2:
        middle = ""  # there is no room between the ends
    beside = f"x='{_RAMP + 10}' y='16.5'"
    if palette is Palette.COLOUR:
        return "", f"<text y='16.5'>{_escaped(words.scale)}</text>" if words.scale else ""
    if not any(words.ticks):
        return ("",)
    if filtered:
        stops = "<stop/><stop offset='1' stop-color='#fff'/>"
    else:
        colours = lookup_table(palette)[::_RAMP_STOPS]
        stops = "".join(
            f"<stop offset='{place / (len(colours) - 1):.2f}' stop-color='#{bytes(colour.tolist()).hex()}'/>"
            for place, colour in enumerate(colours)
        )
    filtering = " filter='url(#f)'" if filtered else ""
    return (
        f"<linearGradient id='r'>{stops}</linearGradient><g{filtering}><path fill='url(#r)' d='M0 8h{_RAMP}v9h-{_RAMP}z'/></g>",
        f"<text class='v' {beside}>{_escaped(words.scale)}</text>",
        f"<text x='{_RAMP + 10}' y='29'>{_escaped(words.detail)}</text>" if words.detail else "",
        f"<g class='v'><text y='29'>{low}</text>"
        + f"<text x='{_RAMP // 2}' y='29' text-anchor='middle'>{middle}</text>" * bool(middle)
        + f"<text x='{_RAMP}' y='29' text-anchor='end'>{high}</text></g>",
        f"<text class='o' {beside}>{_escaped(words.own)}</text>" if words.own else "",
    )


@dataclass(frozen=True)
class _Looks:
    """What a document looks like: ground and ink, the filter that colours its tiles, and where they begin."""

    ground: str
    ink: str
    colouring: str
    indent: int


def larger_letters(width: int) -> str:
    """Return the style that keeps letters legible where a picture of this width, CSS pixels, is shown smaller on a phone."""
    if width <= 1.02 * _PHONE:
        return ""
    sizes = {0.98: math.ceil(_FONT / 0.8), 0.8: math.ceil(_FONT * width / _PHONE)}  # from which share of its width on
    if sizes[0.8] <= sizes[0.98]:
        sizes = {0.98: sizes[0.8]}
    return "".join(
        f"@media(max-width:{round(share * width)}px){{text{{font-size:{min(_LARGEST_FONT, size)}px}}}}"
        for share, size in sizes.items()
    )


def _document(film: _Film, looks: _Looks) -> str:
    style = "image{image-rendering:pixelated}"
    if "class='o'" in film.legends[0][-1]:
        style += ".o{display:none}@media(prefers-color-scheme:dark){.v{display:none}.o{display:inline}}"
    full, folded, count = film.full, film.folded, len(film.bodies)
    style += larger_letters(folded[0] if folded else full[0])
    # the tiles are drawn where they stand, and used for the parts of their rows
    narrow = ""
    if folded is not None:
        between = f"{full[0] + folded[0]}/{count * (full[1] + folded[1])}"  # of the two shapes
        style += f"@media(max-aspect-ratio:{between}){{.w{{display:none}}}}"
        style += f"@media(min-aspect-ratio:{between}){{.n{{display:none}}}}"
        # the drawing is scaled to the full width, of which the folded one is a part
        scale = f"{full[0] / folded[0]:.5f}"
        narrow = (
            f"<g class='n' transform='scale({scale})'>"
            f"<rect width='{folded[0]}' height='{count * folded[1]}' fill='{looks.ground}'/>"
            f"{film.windows()}{film.scales_at(_PADDING, folded[1])}</g>"
        )
    height = count * full[1]
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{full[0]}' height='{height}' viewBox='0 0 {full[0]} {height}' "
        f"preserveAspectRatio='xMinYMin' font-family='system-ui,sans-serif' font-size='{_FONT}' fill='{looks.ink}'>"
        f"<style>{style}</style>{looks.colouring}"
        f"<rect class='w' width='{full[0]}' height='{height}' fill='{looks.ground}'/>"
        f"<defs>{film.definitions()}</defs>"
        f"<g class='w'>{film.tiles_at(looks.indent)}{film.scales_at(looks.indent, full[1])}</g>"
        f"{narrow}</svg>"
    )


@lru_cache
def _colour_filter(palette: Palette) -> str:
    """Return the filter that turns shades of grey into a palette's colours."""
    from matplotlib import colormaps

    stops = colormaps[COLOUR_MAPS[palette]](np.linspace(0, 1, _STOPS))
    tables = "".join(
        f"<feFunc{channel} type='table' tableValues='{','.join(f'{value:.2f}'.lstrip('0') for value in stops[:, place])}'/>"
        for place, channel in enumerate("RGB")
    )
    return (
        "<filter id='f' color-interpolation-filters='sRGB'>"
        f"<feComponentTransfer>{tables}</feComponentTransfer></filter>"
    )


def _uri(pixels: np.ndarray, table: np.ndarray | None = None) -> str:
    transparent = table is None and pixels.ndim == 2 and not pixels.all()
    return data_uri(png_bytes(pixels, palette=table, transparent=transparent), "image/png")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
