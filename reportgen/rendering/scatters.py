"""Points of a plane by their classes, as data of SVG paths: one path for each class, so that many points are few bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.results import Scatter
from reportgen.untrusted.escaping import shown

WIDTH, HEIGHT = 520, 400
"""CSS pixels that the points take; beside them there is room for the picture of one."""

MOST_COLOURS = 12
"""Classes that have a colour, the most frequent ones: more cannot be told apart. The others are grey."""

_PADDING = 14
_LONGEST = 20  # characters of a name beside the points
_LETTER, _LINE = 7, 13  # CSS pixels
_GREY = "oklch(.62 0 0)"


@dataclass(frozen=True)
class DrawnGroup:
    """The points of a class.

    Attributes:
        name: its name, to stand among the points; '' for none.
        colour: the points' colour, readable on light and dark ground.
        path: data of an SVG path, a dot for each point.
        x, y: where the name stands: the median of the points.
    """

    name: str
    colour: str
    path: str
    x: int
    y: int


@dataclass(frozen=True)
class DrawnPoint:
    """A point with a picture: its place, and its number, label and answer as short lines."""

    x: int
    y: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ScatterDrawing:
    """A scatter as it is drawn.

    Attributes:
        groups: the classes.
        crosses: data of an SVG path, a cross for each wrong point.
        points: those with a picture.
    """

    groups: tuple[DrawnGroup, ...]
    crosses: str
    points: tuple[DrawnPoint, ...]


def scatter_drawing(scatter: Scatter) -> ScatterDrawing:
    """Return a scatter as paths, both axes on one scale."""
    points = np.stack([scatter.x, -scatter.y], axis=1)  # upwards, where SVG counts downwards
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([WIDTH, HEIGHT]) - 2 * _PADDING
    scale = (room / np.maximum(high - low, 1e-12)).min()
    places = np.rint((points - (low + high) / 2) * scale + np.array([WIDTH, HEIGHT]) / 2).astype(int)
    counts = np.bincount(scatter.groups, minlength=len(scatter.names))
    coloured = sorted(np.argsort(-counts, kind="stable")[:MOST_COLOURS].tolist())
    groups = _apart(
        _group(places[scatter.groups == group], scatter.names[group], _colour(group, coloured))
        for group in np.flatnonzero(counts).tolist()
    )
    crosses = "".join(f"M{x - 4} {y - 4}l8 8m0-8l-8 8" for x, y in places[scatter.wrong].tolist())
    marked = places[list(scatter.marked)].tolist()
    titles = [tuple(shown(line, limit=_LONGEST) for line in title) for title in scatter.titles]
    return ScatterDrawing(
        groups, crosses, tuple(DrawnPoint(x, y, lines) for (x, y), lines in zip(marked, titles, strict=True))
    )


def _group(places: np.ndarray, name: str, colour: str) -> DrawnGroup:
    path = "".join(f"M{x} {y}h0" for x, y in places.tolist())
    x, y = np.rint(np.median(places, axis=0)).astype(int).tolist()
    named = "" if colour == _GREY else shown(name, limit=_LONGEST)
    return DrawnGroup(named, colour, path, x, y)


def _apart(groups: Iterable[DrawnGroup]) -> tuple[DrawnGroup, ...]:
    """Return groups whose names do not cover one another: each goes down to where nothing is written."""
    placed: list[DrawnGroup] = []
    for one in sorted(groups, key=lambda group: group.y):
        while any(_overlap(one, other) for other in placed):
            one = replace(one, y=one.y + 1)
        placed.append(one)
    return tuple(placed)


def _overlap(one: DrawnGroup, other: DrawnGroup) -> bool:
    near = abs(one.x - other.x) < _LETTER * (len(one.name) + len(other.name)) / 2
    return bool(one.name and other.name) and near and abs(one.y - other.y) < _LINE


def _colour(group: int, coloured: list[int]) -> str:
    """Return a class's colour: hues evenly apart at one lightness, 3:1 on white and on the dark page."""
    if group not in coloured:
        return _GREY
    return f"oklch(.62 .14 {round(30 + 360 * coloured.index(group) / len(coloured))})"
