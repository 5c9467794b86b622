"""The index of many reports in a browser: valid, readable without a script, sortable with one, on a phone and in the dark."""

import json
from pathlib import Path

import pytest
from checks import axe_faults, id_faults, image_faults, inline_faults, sideways_faults

from reportgen.batch import write_index

pytestmark = pytest.mark.slow


def document(value: float, date: str, findings: list[str]) -> dict:
    classes = {"accuracy": {"value": value, "low": value - 0.05, "high": value + 0.05}}
    classes["matrix"] = {"names": ["a", "b"], "cells": [[0, 0, 3], [1, 0, 1], [1, 1, 1]]}
    histogram = {"range": [-1, 1], "counts": {"trained": [1, 2, 1]}}
    return {
        "schema_version": 2,
        "provenance": {
            "title": f"Network of {date}",
            "file_name": "n.keras",
            "date": date,
            "sha256": "ab" * 32,
            "file_size": 9_000_000,
        },
        "model": {"parameters": 1000},
        "samples": {"evaluated": 200, "sha256": "cd" * 32},
        "findings": [{"code": "x-rule", "severity": severity} for severity in findings],
        "inconclusive": [{}],
        "sections": [
            {"name": "prediction_quality", "result": {"classification": classes} if value > 0.5 else None},
            {"name": "weight_histograms", "result": {"first": {"histogram": histogram}}},
        ],
    }


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    given = [
        (0.9, "2026-01-09", ["note"]),
        (0.75, "2025-12-30", ["problem", "warning"]),
        (0.95, "2026-01-10", []),
        (0, "2026-02-01", ["warning"]),
        (0.85, "2025-11-05", ["warning", "warning"]),
    ]
    for number, one in enumerate(given):
        (folder / f"epoch-{number}.json").write_text(json.dumps(document(*one)))
        (folder / f"epoch-{number}.html").touch()
    failed = {"failed": {"model": "broken.keras", "error": f"broken.keras is damaged: {'long ' * 60}", "exit_code": 3}}
    (folder / "broken.failed.json").write_text(json.dumps(failed))
    return write_index(folder)


def names(page) -> list[str]:
    return [text.split("\n")[0] for text in page.locator("tbody tr th").all_inner_texts()]


def test_the_index_is_valid_and_has_no_loose_ends(index, html_validate, open_page):
    assert html_validate(index) == {"index": []}
    page = open_page(index).page
    assert (id_faults(page), image_faults(page)) == ([], [])
    assert inline_faults(index.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "options", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}}], ids=["wide", "phone"]
)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(index, open_page, axe_source, options):
    page = open_page(index, **options).page
    assert axe_faults(page, axe_source) == []
    assert sideways_faults(page) == []


def test_a_click_on_a_column_s_name_sorts_by_what_it_means(index, open_page):
    visit = open_page(index)
    page = visit.page
    assert names(page) == [
        "broken",
        *(f"Network of {day}" for day in ("2026-01-09", "2025-12-30", "2026-01-10", "2026-02-01", "2025-11-05")),
    ]
    orders = {
        "Date": ["2026-02-01", "2026-01-10", "2026-01-09", "2025-12-30", "2025-11-05"],
        "Accuracy": ["2026-01-10", "2026-01-09", "2025-11-05", "2025-12-30", "2026-02-01"],
        "Findings": ["2025-12-30", "2025-11-05", "2026-02-01", "2026-01-09", "2026-01-10"],
    }
    page.locator("#models .scroll").hover()
    for column, days in orders.items():
        page.get_by_role("button", name=column).click()
        assert [name for name in names(page) if name != "broken"] == [f"Network of {day}" for day in days], column


def test_without_a_script_all_is_there(index, open_page):
    page = open_page(index, java_script_enabled=False).page
    assert page.locator("tbody a[href='epoch-2.html']").count() == 1
    assert page.locator("#failed li").count() == 1
    assert page.locator("#runs figure").count() == 1
    assert page.locator("button:visible").count() == 0
