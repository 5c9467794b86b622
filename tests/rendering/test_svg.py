"""SVG in few bytes."""

import pytest

from reportgen.rendering.svg import PathWriter, compact, stairs


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


def test_stairs_stand_on_their_base() -> None:
    assert stairs([2, 0.2, 3], [1, 2, 4], 3) == "M0 3v-1h1v-2h1v3h2z"
