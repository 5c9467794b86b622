"""What the page says about one layer: its unit of facts, the numbers of its tiles, the maps of many samples, long networks."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.rendering.html import render_html
from reportgen.rendering.page import Page


@pytest.fixture
def page_with(report: Any) -> Any:
    """Return a function that makes the page with one section's result changed."""

    def made(name: str, **changes: Any) -> str:
        sections = tuple(
            replace(one, result=replace(one.result, **changes)) if one.name == name else one for one in report.sections
        )
        return render_html(replace(report, sections=sections))

    return made


def _result(report: Any, name: str) -> Any:
    return next(one.result for one in report.sections if one.name == name)


def test_facts_weights_verdict_and_activity_of_a_layer_stand_above_its_kernels(report: Any) -> None:
    unit = re.search(r'<p class="unit">(.*?)</p>', render_html(report), re.DOTALL)
    assert unit is not None
    assert re.findall(r'<a href="#([^"]+)">', unit[1]) == [
        "architecture-conv-1",
        "weight_histograms-conv",
        "learned-conv",
        "channel_activity-conv",
    ]
    words = " ".join(re.sub("<[^>]+>", " ", unit[1]).split())
    assert words == (
        "2 filters of 2 × 2 on 1 input channel. · output 2 × 2 × 2, receptive field 3 × 3 · 18 weights , standard deviation "
        "0.250, untrained 0.250 · ✔ differs from its initialiser · 1 of 2 silent"
    )


def test_a_layer_of_which_no_other_section_knows_anything_has_its_size_alone(report: Any) -> None:
    alone = tuple(one for one in report.sections if one.name == "filter_grids")
    unit = re.search(r'<p class="unit">(.*?)</p>', render_html(replace(report, sections=alone)), re.DOTALL)
    assert unit is not None
    assert " ".join(unit[1].split()) == "2 filters of 2 × 2 on 1 input channel."


def test_the_numbers_of_tiles_are_lines_in_the_order_of_the_tiles(report: Any) -> None:
    assert '<tr><th scope="row">Filter\nL2 norm</th><td>      0       1\n   1.50       0</td></tr>' in render_html(
        report
    )


def test_each_input_channel_stands_under_its_filter(report: Any, page_with: Any) -> None:
    grid = replace(_result(report, "filter_grids").grids[0], input_channels=3, shown_channels=(2, 1))
    page = page_with("filter_grids", grids=(grid,))
    assert "Filter\nInput channel shown\nL2 norm</th><td>      0       1\n      2       1\n   1.50       0</td>" in page


def test_largest_values_are_lines_of_eight_for_each_sample(report: Any, page_with: Any) -> None:
    layer = _result(report, "feature_maps").layers[0]
    grid = replace(layer.samples[0].grid, maxima=np.arange(10.0), labels=tuple(map(str, range(10))))
    maps = tuple(replace(layer.samples[0], index=100 + index, grid=grid, silent=()) for index in range(20))
    page = page_with("feature_maps", layers=(replace(layer, samples=maps, channels=tuple(range(10))),))
    row = re.search(r'<th scope="row">(100\n\n101[^<]*)</th><td>([^<]*)</td>', page)
    assert row is not None
    assert row[1].split("\n")[::2] == [str(100 + index) for index in range(20)]
    assert [line.split() for line in row[2].split("\n")] == 20 * [
        ["0", "1.00", "2.00", "3.00", "4.00", "5.00", "6.00", "7.00"],
        ["8.00", "9.00"],
    ]
    (film,) = re.findall(r'<div class="film c20 f745-[0-9]+">\s*<img class="tiles"', page)
    assert film


def test_the_bins_of_a_histogram_are_in_a_table(report: Any) -> None:
    page = render_html(report)
    assert "in each of 2 bins from −1.00 to 1.00, each 1.00 wide, row by row" in page
    assert '<tr><th scope="row">trained</th><td>      2      16</td></tr>' in page
    assert '<tr><th scope="row">untrained</th><td>      9       9</td></tr>' in page


def test_columns_of_one_table_have_different_headers(report: Any) -> None:
    for table in re.findall(r"<thead>(.*?)</thead>", render_html(report)):
        headers = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table)
        assert len(set(headers)) == len(headers)


@pytest.mark.parametrize(("calls", "folded"), [(12, False), (13, True)])
def test_of_over_twelve_calls_the_eight_largest_stand_below_their_totals(
    report: Any, page_with: Any, calls: int, folded: bool
) -> None:
    conv, head = _result(report, "architecture").layers
    layers = (*(replace(conv, path=f"conv{index}") for index in range(calls - 1)), head)
    page = page_with("architecture", layers=layers)
    assert ("The 8 of 13 layer calls with most parameters, in call order; the JSON has all" in page) == folded
    totals = '<th scope="row" dir="auto">Conv2D</th><td>12</td><td>240</td><td>864</td>'
    assert (totals in page) == folded
    assert page.count('<tr id="architecture-') == (8 if folded else 12)


def test_a_layer_called_twice_has_its_parameters_in_the_totals_once(report: Any, page_with: Any) -> None:
    conv, head = _result(report, "architecture").layers
    page = page_with("architecture", layers=(*[conv] * 41, head))
    assert '<th scope="row" dir="auto">Conv2D</th><td>41</td><td>20</td><td>2,952</td>' in page


def test_tables_of_a_page_with_too_many_elements_are_shorter_and_say_so(
    report: Any, page_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _result(report, "weight_histograms").first
    others = tuple(replace(first, label=f"kernel_{index}") for index in range(8))
    assert "(8 of 9 shown; the JSON has all)" in page_with("weight_histograms", others=others)
    tried: list[int] = []

    class Tried(Page):
        def __init__(self, language: Any, rows: int, drawn: Any) -> None:
            tried.append(rows)
            super().__init__(language, rows, drawn)

    monkeypatch.setattr("reportgen.rendering.html.Page", Tried)
    monkeypatch.setattr("reportgen.rendering.html.MOST_ELEMENTS", 0)
    assert "(3 of 9 shown; the JSON has all)" in page_with("weight_histograms", others=others)
    assert tried == [8, 3]  # so far beyond, no length between them is enough
    monkeypatch.setattr("reportgen.rendering.html._FAR", math.inf)
    page_with("weight_histograms", others=others)
    assert tried == [8, 3, 8, 6, 4, 3]
