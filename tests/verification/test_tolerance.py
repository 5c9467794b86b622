"""How far a report made again may lie apart, by kind of number."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from reportgen import __version__
from reportgen.verification.recorded import RecordedReport
from reportgen.verification.tolerance import _differing, _differing_pages, report_differences


def differing(then: object, now: object) -> list[str]:
    return list(_differing({"a": then}, {"a": now}, ""))


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (0.91234, 0.912345),
        (1, 0.99995),  # floats without a fraction are written as whole numbers
        (1e-7, 9e-7),
        (None, None),
        ("accuracy 91.7% on 200 samples", "accuracy 91.8% on 200 samples"),
        ("at 1.25e-05", "at 1.26e-05"),
        ({"b": [1, 2.0]}, {"b": [1, 2.0001]}),
        ({"deletion": 8.88}, {"deletion": 8.97}),
        (
            {"range": [0, 1], "counts": {"x": [5000, 5001]}, "value_label": ""},
            {"range": [0, 1], "counts": {"x": [4999, 5002]}, "value_label": ""},
        ),
    ],
)
def test_what_another_order_of_sums_changes_is_no_difference(then: object, now: object) -> None:
    assert differing(then, now) == []


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (0.917, 0.918, "a: 0.917; made again 0.918."),
        (200, 201, "a: 200; made again 201."),
        (True, 1, "a: true; made again 1."),
        (None, 0.0, "a: null; made again 0.0."),
        ("cat", "dog", 'a: "cat"; made again "dog".'),
        ("41 of 64", "40 of 64", 'a: "41 of 64"; made again "40 of 64".'),
        ("1,041 units", "1,042 units", 'a: "1,041 units"; made again "1,042 units".'),
        ("91.7%", "91.9%", 'a: "91.7%"; made again "91.9%".'),
        ([1], [1, 2], "a: 1 values; made again 2."),
        ({"deletion": 8.8}, {"deletion": 8.91}, "a.deletion: 8.8; made again 8.91."),
        ({"b": 1}, {"c": 1}, "a.b: does not come out again."),
        (
            {"range": [0, 1], "counts": {"x": [500, 501]}, "value_label": ""},
            {"range": [0, 1], "counts": {"x": [498, 503]}, "value_label": ""},
            "a.x: 2 of 1,001 values lie in another bin.",
        ),
    ],
)
def test_what_a_hand_changed_is_one_line(then: object, now: object, said: str) -> None:
    assert differing(then, now)[0] == said


@pytest.mark.parametrize("hostile", [10**400, -(10**400), "1e" + "9" * 5000, "1." + "9" * 5000 + "e-9", {"a": 10**400}])
@pytest.mark.parametrize("ours", [0.5, 3, "1.5e5", "1.5e-9", {"a": 0.5}])
def test_numbers_without_end_are_differences_and_no_crash(hostile: object, ours: object) -> None:
    assert len(differing(hostile, ours)) == 1


def test_counts_without_end_are_differences_and_no_crash() -> None:
    ours = {"range": [0, 1], "counts": {"x": [5, 5]}, "value_label": ""}
    assert differing({**ours, "counts": {"x": [10**400, 5]}}, ours)


class Again:
    """A report made again, of which a comparison sees the page and the numbers alone."""

    def to_html(self) -> str:
        return page("words of today")

    def to_json(self) -> str:
        return '{"a": 1}'


@pytest.mark.parametrize(
    ("version", "said"), [(__version__, ["one: says 'words of then'; made again 'words of today'."]), ("0.0.9", [])]
)
def test_of_another_version_the_numbers_alone_are_compared(version: str, said: list[str]) -> None:
    document = {"a": 1, "provenance": {"versions": {"reportgen": version}}}
    recorded = RecordedReport(page("words of then"), document)
    assert report_differences(recorded, Again()) == ["provenance: does not come out again.", *said]


def picture(values: list[list[int]]) -> str:
    file = io.BytesIO()
    Image.fromarray(np.array(values, np.uint8)).save(file, "PNG")
    return f'<img src="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}">'


def page(body: str, size: int = 3) -> str:
    return f'<p>{size}</p><section id="one" aria-labelledby="x">{body}</section>'


def test_a_picture_may_be_three_levels_off_and_no_more() -> None:
    ours = page(picture([[0, 128], [255, 7]]))
    assert _differing_pages(page(picture([[0, 125], [255, 7]])), ours) == []
    assert _differing_pages(page(picture([[0, 124], [255, 7]])), ours) == [
        'one: a picture differs from the one made again: <img src="…">.'
    ]
    assert len(_differing_pages(page(picture([[0, 128]])), ours)) == 1
    assert len(_differing_pages(page('<img src="data:image/png;base64,AAAA">'), ours)) == 1


def test_a_bomb_in_place_of_a_picture_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.verification.tolerance._MOST_PIXELS", 3)
    ours = picture([[0, 128], [255, 7]])
    assert len(_differing_pages(page(ours.replace("<img", "<img ")), page(ours))) == 1


def test_words_and_tags_of_the_page_must_be_the_same() -> None:
    assert _differing_pages(page("<b>It is fine.</b>"), page("<b>It is bad.</b>")) == [
        "one: says 'It is fine.'; made again 'It is bad.'."
    ]
    assert _differing_pages(page("<b>1.2%</b>"), page("<b>1.3%</b>")) == []
    assert _differing_pages(page("<b>1.2%</b>"), page("<i>1.2%</i>"))[0] == "one: says '<b>'; made again '<i>'."
    more = _differing_pages(page("".join(f"<b>{i}</b>" for i in range(20))), page("<b>x</b>" * 20))
    assert more[5:] == ["one: and 15 more differences."]
    assert _differing_pages(page("<b>x</b>"), page("x")) == [
        "one: the page has other text or pictures here than the report made again."
    ]
    assert _differing_pages(page("x"), page("x") + '<section id="two" aria-labelledby="x">') == [
        "the page has other parts than the report made again."
    ]
    assert _differing_pages(page("&gt;99.9% or &lt;0.1%"), page("100.0% or 0.0%")) == []


def test_the_coordinates_of_a_drawing_are_numbers() -> None:
    def drawing(path: str) -> str:
        return f"<img src=\"data:image/svg+xml,%3Csvg%3E%3Cpath%20d='{path}'/%3E%3C/svg%3E\">"

    assert _differing_pages(page(drawing("M1.5%202.5")), page(drawing("M1.6%202.5"))) == []
    assert len(_differing_pages(page(drawing("M1.5%202.5")), page(drawing("M1.8%202.5")))) == 1
