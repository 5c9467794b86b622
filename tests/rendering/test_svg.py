"""SVG in few bytes."""

import re

import numpy as np
import pytest

from reportgen.rendering.encoding import figure_svg
from reportgen.rendering.figures import draw_curve
from reportgen.rendering.svg import PathWriter, compact, lean_svg, stairs
from reportgen.results.plottables import Curve


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.04, "0"), (0.5, ".5"), (-0.5, "-.5"), (10, "10"), (10.0, "10"), (2.26, "2.3"), (-100.25, "-100.2")],
)
def test_a_number_has_no_needless_zero(value: float, text: str) -> None:
    assert compact(value) == text


def test_lines_are_relative_and_those_of_one_direction_are_one() -> None:
    path = PathWriter()
    for x, y in ((3, 5), (7, 5), (7, 9), (8, 9), (6, 9), (4, 3)):
        path.line(x, y)
    assert path.text() == "l3 5h4v4h1h-2l-2-6"
    joined = PathWriter()
    joined.move(1, 1)
    for x in (2, 2, 5):
        joined.line(x, 1)
    joined.close()
    joined.move(1, 4)
    assert joined.text() == "M1 1h4zm0 3"


def test_points_are_rounded_before_their_differences() -> None:
    path = PathWriter()
    for x in range(1, 7):
        path.line(x / 3, x)
    # thirds are 0, 1, 1, 1, 2 and 2: the end is where it should be
    assert path.text() == "v1l1 1v2l1 1v1"


def test_curves_are_relative_to_where_they_begin() -> None:
    path = PathWriter()
    path.move(10, 20)
    path.curve([11, 22, 13, 24, 15, 18])
    path.curve([15, 18, 16, 18, 16, 17])
    assert path.text() == "M10 20c1 2 3 4 5-2c0 0 1 0 1-1"


def test_stairs_stand_on_their_base() -> None:
    assert stairs([2, 0.2, 3], [1, 2, 4], 3) == "M0 3v-1h1v-2h1v3h2z"


def attribute(svg: str, name: str, start: str) -> str:
    """Return an attribute of the first element that holds a text."""
    element = next(part for part in svg.split("<") if start in part)
    return re.search(rf' {name}="([^"]*)"', element)[1]  # type: ignore[index]


def test_texts_are_texts_and_what_they_share_stands_once() -> None:
    x = np.array([0.0, 1.0])
    svg = figure_svg(draw_curve(Curve(x, x, x, x, "share", "score", (0.0, 1.0)))).decode()
    numbers = ("0.0", "0.2", "0.4", "0.6", "0.8", "1.0")
    assert re.findall(r">([^<]+)</text>", svg) == [*numbers, "share", *numbers, "score"]
    assert (svg.count("font-family"), svg.count('text-anchor="middle"')) == (1, 1)
    assert attribute(svg, "transform", ">score").startswith("rotate(-90 ")


def test_ticks_are_one_path_and_nothing_is_only_defined() -> None:
    x = np.array([0.0, 1.0])
    svg = figure_svg(draw_curve(Curve(x, x, x, x, "share", "score", (0.0, 1.0)))).decode()
    ticks = attribute(svg, "d", 'stroke-width="8"')
    assert (ticks.count("v35"), ticks.count("h-35")) == (6, 6)
    assert not re.search(r"<(g|defs|use|clipPath|metadata)\b", svg)
    assert " id=" not in svg
    assert len(svg) < 3000


def test_marks_stand_at_their_points() -> None:
    x = np.array([0.25, 0.75])
    curve = Curve(x, np.array([0.5, 1.0]), x * 0, x * 0 + 1, "x", "y", (0.0, 1.0))
    svg = figure_svg(draw_curve(curve)).decode()
    marks = attribute(svg, "d", 'fill="#2f7fa6"')
    # axes from (540, 2088) to (2664, 72); a mark of 4 points begins at its lowest point, 2 below its middle
    starts = re.match(r"M(\d+) (\d+)", marks)
    assert starts is not None
    assert starts.groups() == ("1071", str(2088 - 1008 + 20))
    assert len(re.findall("[Mm]", marks)) == 2
    # the diagonal is a point wide, and its dashes are as long as that width has them: 3.7 and 1.6
    assert attribute(svg, "stroke-width", "svg ") == "10"
    assert attribute(svg, "stroke-dasharray", 'stroke="#6b7178"') == "37,16"
    assert "dashoffset" not in svg
    assert marks.count("c") == 16


def test_translucent_paths_stay_apart_and_others_are_one() -> None:
    def drawn(style: str) -> str:
        path = f'<path d="M0 0L1 0" style="{style}"/>'
        head = '<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt">'
        return lean_svg(f"{head}<g>{path}</g>{path}</svg>".encode()).decode()

    assert re.findall(r'd="([^"]*)"', drawn("stroke: #112233")) == ["M0 0h10M0 0h10"]
    assert 'stroke="#123"' in drawn("stroke: #112233")
    assert len(re.findall(r'd="', drawn("opacity: 0.5"))) == 2


def test_what_is_no_path_and_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="Received: image"):
        lean_svg(b'<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"><image/></svg>')
