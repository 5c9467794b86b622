"""A sample beside itself with a map laid over it, as one SVG that can be read where it was saved.

The sample is drawn twice from one PNG, its colours kept; the map lies over the darkened second one, the more opaque the larger
its value. Each map has its own scale, which stands below it. What a map did not pass is written on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from reportgen.rendering.encoding import data_uri, lookup_table, png_bytes
from reportgen.rendering.svg import PathWriter, compact
from reportgen.results import Palette

FAILED_SIGN = "✖"
SIGNAL_WIDTH = 480
"""CSS pixels of a signal beside others."""
_LANES, _LANE = 336, (10, 56)  # CSS pixels of all channels of a signal that are aimed at, and the bounds of one
SIDES, LARGE = (84, 150), 40  # CSS pixels of the longer side of a sample: of one with few values, and from so many on
ALONG, STRIP = 640, 22  # CSS pixels of a signal's length, and of the height of the map under it
_GAP, _PADDING, _TITLE, _SCALE = 3, 8, 20, 20
_CHARACTER = 6.6  # CSS pixels of a letter, of which a title that is too long loses some
_GROUND, _INK, _SOFT, _BAD, _LINE = "#101316", "#e8e6e1", "#b9c0c7", "#ff8a73", "#7fb2d9"
_RAMP = 30
_OPAQUE = 0.8  # of the largest value; what lies below it is still seen
_DARK = 0.55  # how far the sample under a map is darkened
_LEVELS = 32
_SMOOTH = 1.5  # CSS pixels a value below which pictures are smoothed: no whole multiple is near


@dataclass(frozen=True, kw_only=True)
class OverlayWords:
    """What is written on an overlay.

    Attributes:
        title: the sample and its class.
        ends: the map's smallest and largest drawn value; none where nothing is drawn.
        stamp: what is written on the map; '' for one that passed its tests.
        failed: whether the map is not evidence, so that it is dimmed.
    """

    title: str
    ends: tuple[str, ...]
    stamp: str
    failed: bool


def overlay_svg(
    picture: np.ndarray, values: np.ndarray, words: OverlayWords, *, slices: int = 1
) -> tuple[str, int, int]:
    """Return a sample beside itself under its map: the drawing, its width and its height in CSS pixels.

    Args:
        picture: (H, W) or (H, W, 3) uint8.
        values: the map, (h, w), in [0, 1] of its own largest value, of the same extent as the picture; all 0 draws none.
        words: what is written on it.
        slices: number of slices of a volume that stand side by side in the picture, each about as large as a sample.
    """
    height, width = picture.shape[:2]
    side = slices * SIDES[max(height, width) >= slices * LARGE]
    across, down = (round(side * size / max(height, width)) for size in (width, height))
    looks = "" if max(across, down) / max(height, width) < _SMOOTH else " class='p'"
    place = f"width='{across}' height='{down}' preserveAspectRatio='none'"
    second = across + _GAP
    body = (
        f"<defs><image id='s'{looks} {place} href='{_uri(picture)}'/></defs><use href='#s'/><use href='#s' x='{second}'/>"
        f"<path fill='{_GROUND}' opacity='{_DARK}' d='M{second},0h{across}v{down}h-{across}z'/>"
    )
    if values.any():
        body += f"<image class='p' x='{second}' {place} href='{_uri(map_colours(values))}'/>"
    body += _stamp(words, second, across, down)
    if words.ends:
        body += _scale(words.ends, 0, down)
    return _document(body, words.title, second + across, down)


def signal_overlay_svg(signals: np.ndarray, values: np.ndarray, words: OverlayWords) -> tuple[str, int, int]:
    """Return a signal's channels as lines, one under another, above the strip of its map on the same axis of time.

    Args:
        signals: (C, length), in [0, 1] of the samples' scale; what is not finite leaves a gap.
        values: the map along time, (1, l), as for `overlay_svg`.
        words: what is written on it.
    """
    lane = lane_height(len(signals))
    top = len(signals) * lane
    body = lanes(signals, ALONG, lane) + f"<path fill='#2b3138' d='M0,{top}h{ALONG}v{STRIP}h-{ALONG}z'/>"
    if values.any():
        strip = _uri(lookup_table(Palette.SEQUENTIAL)[_indices(values)])
        body += (
            f"<image class='p' y='{top}' width='{ALONG}' height='{STRIP}' preserveAspectRatio='none' href='{strip}'/>"
        )
    if words.failed:
        body += f"<path fill='{_GROUND}' opacity='.45' d='M0,{top}h{ALONG}v{STRIP}h-{ALONG}z'/>"
    colour = _BAD if words.failed else _INK
    body += (
        f"<text x='{ALONG}' y='{top + STRIP + 15}' text-anchor='end' font-weight='600' fill='{colour}'>"
        f"{escape(words.stamp)}</text>"
    )
    if words.ends:
        body += _scale(words.ends, 0, top + STRIP)
    return _document(body, words.title, ALONG, top + STRIP)


def signal_svg(signals: np.ndarray) -> str:
    """Return a signal's channels as lines, one under another, in a drawing that keeps the strokes' width in any size.

    Args:
        signals: (C, length), in [0, 1] of the samples' scale; what is not finite leaves a gap.
    """
    height = len(signals) * lane_height(len(signals))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{SIGNAL_WIDTH}' height='{height}' preserveAspectRatio='none' "
        f"viewBox='0 0 {SIGNAL_WIDTH} {height}'><rect width='{SIGNAL_WIDTH}' height='{height}' fill='{_GROUND}'/>"
        f"{lanes(signals, SIGNAL_WIDTH, lane_height(len(signals)))}</svg>"
    )


def lane_height(channels: int) -> int:
    """Return the CSS pixels that one of so many channels of a signal has: from 10 to 56, and 336 for all where that is enough."""
    return min(max(_LANES // channels, _LANE[0]), _LANE[1])


def lanes(signals: np.ndarray, width: int, height: int) -> str:
    """Return signals (C, length) in [0, 1] as lines, each in a lane of its own, one under another."""
    step = width / max(1, signals.shape[1] - 1)
    paths = []
    for channel, signal in enumerate(signals):
        path, known = PathWriter(0.5), False
        base, room = (channel + 1) * height - height / 14, height * 6 / 7
        for place, value in enumerate(signal):
            if np.isfinite(value):
                (path.line if known else path.move)(place * step, base - room * min(max(float(value), 0.0), 1.0))
            known = bool(np.isfinite(value))
        paths.append(path.text())
    return (
        f"<path fill='none' stroke='{_LINE}' stroke-width='1.25' stroke-linejoin='round' vector-effect='non-scaling-stroke' "
        f"d='{''.join(paths)}'/>"
    )


def map_colours(values: np.ndarray) -> np.ndarray:
    """Return the colours of a map to be laid over a picture, (h, w, 4) uint8: the larger a value, the more opaque.

    Args:
        values: (h, w) in [0, 1]; what is not finite is transparent.
    """
    shares = np.round(np.nan_to_num(values) * _LEVELS) / _LEVELS
    opaque = np.round(255 * _OPAQUE * np.sqrt(shares)).astype(np.uint8)
    return np.concatenate([lookup_table(Palette.SEQUENTIAL)[_indices(shares)], opaque[..., None]], axis=-1)


def _indices(values: np.ndarray) -> np.ndarray:
    table = lookup_table(Palette.SEQUENTIAL)
    return np.asarray(np.round(np.clip(np.nan_to_num(values), 0, 1) * (len(table) - 1)).astype(int))


def _stamp(words: OverlayWords, left: int, width: int, height: int) -> str:
    """Return what dims a map that is not evidence and crosses it out, and below it what a map did not pass."""
    if not words.stamp:
        return ""
    colour, crossed = _INK, ""
    if words.failed:
        colour = _BAD
        crossed = (
            f"<path fill='{_GROUND}' opacity='.45' d='M{left},0h{width}v{height}h-{width}z'/>"
            f"<path stroke='{_BAD}' stroke-width='2' d='M{left},0l{width},{height}M{left},{height}l{width}-{height}'/>"
        )
    return (
        f"{crossed}<text x='{left + width}' y='{height + 15}' text-anchor='end' font-weight='600' fill='{colour}'>"
        f"{escape(words.stamp)}</text>"
    )


def _scale(ends: Sequence[str], left: int, top: int) -> str:
    ramp = _uri(lookup_table(Palette.SEQUENTIAL)[None, :: len(lookup_table(Palette.SEQUENTIAL)) // _LEVELS])
    low, high = map(escape, ends)
    after = left + 6 * len(low) + 4
    return (
        f"<text x='{left}' y='{top + 15}'>{low}</text><image x='{compact(after)}' y='{top + 7}' width='{_RAMP}' height='8' "
        f"preserveAspectRatio='none' href='{ramp}'/><text x='{compact(after + _RAMP + 4)}' y='{top + 15}'>{high}</text>"
    )


def _document(body: str, title: str, width: int, height: int) -> tuple[str, int, int]:
    across, down = width + 2 * _PADDING, height + _TITLE + _SCALE + _PADDING
    room = int(width / _CHARACTER)
    title = title if len(title) <= room else title[: room - 1] + "…"
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{across}' height='{down}' viewBox='0 0 {across} {down}' "
        f"font-family='system-ui,sans-serif' font-size='11' fill='{_SOFT}'><style>.p{{image-rendering:pixelated}}</style>"
        f"<rect width='{across}' height='{down}' fill='{_GROUND}'/>"
        f"<text x='{_PADDING}' y='15' fill='{_INK}' font-size='12'>{escape(title)}</text>"
        f"<g transform='translate({_PADDING},{_TITLE + 2})'>{body}</g></svg>"
    )
    return svg, across, down


def _uri(pixels: np.ndarray) -> str:
    return data_uri(png_bytes(np.ascontiguousarray(pixels, np.uint8)), "image/png")
