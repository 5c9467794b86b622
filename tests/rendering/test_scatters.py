"""Points as paths: places, colours, names that do not cover one another, and what the page shows of a point."""

import numpy as np

from reportgen.rendering.scatters import HEIGHT, MOST_COLOURS, WIDTH, scatter_drawing
from reportgen.results import Scatter


def scatter(x, y, groups, names, wrong=(), marked=()):
    flags = np.zeros(len(x), bool)
    flags[list(wrong)] = True
    titles = tuple((str(place), "a", "b") for place in marked)
    return Scatter(np.array(x, float), np.array(y, float), np.array(groups), names, flags, tuple(marked), titles, None)


def test_points_fill_the_drawing_on_one_scale_with_the_second_axis_upwards():
    drawing = scatter_drawing(scatter([0, 2, 1], [0, 0, 1], [0, 0, 1], ("cat", "dog"), wrong=[2], marked=[1]))
    # 520 - 2 x 14 pixels for 2 units, 246 each
    assert [(one.name, one.path) for one in drawing.groups] == [("dog", "M260 77h0"), ("cat", "M14 323h0M506 323h0")]
    assert drawing.crosses == "M256 73l8 8m0-8l-8 8"
    assert [(one.x, one.y, one.lines) for one in drawing.points] == [(506, 323, ("1", "a", "b"))]
    assert len({one.colour for one in drawing.groups}) == 2


def test_names_at_the_same_place_stand_below_one_another():
    drawing = scatter_drawing(scatter([0, 0, 0, 9], [0, 0, 0, 9], [0, 1, 2, 2], ("one", "two", "six")))
    same = [one.y for one in drawing.groups if one.name in ("one", "two")]
    assert abs(same[0] - same[1]) >= 13


def test_classes_beyond_twelve_are_grey_and_have_no_name():
    groups = np.repeat(np.arange(20), np.arange(20, 0, -1))
    places = np.random.default_rng(0).normal(size=(2, len(groups)))
    drawing = scatter_drawing(scatter(*places, groups, tuple(f"class {n}" for n in range(20))))
    grey = [one for one in drawing.groups if one.colour == "oklch(.62 0 0)"]
    assert (len(grey), {one.name for one in grey}) == (20 - MOST_COLOURS, {""})
    assert {one.name for one in drawing.groups} - {""} == {f"class {n}" for n in range(MOST_COLOURS)}


def test_points_at_one_place_stand_in_the_middle():
    (group,) = scatter_drawing(scatter([3, 3], [4, 4], [0, 0], ("",))).groups
    assert (group.path, group.name) == (f"M{WIDTH // 2} {HEIGHT // 2}h0" * 2, "")
