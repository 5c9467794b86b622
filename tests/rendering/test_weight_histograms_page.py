"""Kernels with and without a full histogram."""

import re
from dataclasses import replace
from typing import Any

import pytest

from reportgen.rendering.html import render_html


@pytest.fixture
def drawn_page(report: Any) -> Any:
    """Return a function that makes the page of three kernels, of which only these are drawn in full."""

    def made(*drawn: str) -> str:
        section = next(one for one in report.sections if one.name == "weight_histograms")
        first = section.result.first
        others = tuple(replace(first, label=label, drawn=label in drawn) for label in ("second", "third"))
        sections = (replace(section, result=replace(section.result, others=others)),)
        page = render_html(replace(report, sections=sections))
        return page[page.index('<section id="weight_histograms"') : page.index('<section id="provenance"')]

    return made


def test_all_kernels_have_their_histogram(drawn_page: Any) -> None:
    page = drawn_page("second", "third")
    assert page.count('<img class="chart"') == 3
    assert "Full histograms of" not in page


def test_a_kernel_without_a_histogram_keeps_its_row_and_the_page_says_the_rule(drawn_page: Any) -> None:
    page = drawn_page("second")
    assert page.count('<img class="chart"') == 2
    assert "Full histograms of 2 of 3 kernels: first, last, " in page
    row = re.search(r'<tr id="weight_histograms-third">.*', page)
    assert row is not None
    assert '<svg class="spark"' in row[0]
    assert 'href="#weight_histograms-third"' not in page
    assert 'href="#weight_histograms-second"' in page


def test_without_any_other_histogram_there_is_nothing_to_open(drawn_page: Any) -> None:
    page = drawn_page()
    assert page.count('<img class="chart"') == 1
    assert '<details class="more">' not in page
