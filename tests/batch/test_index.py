"""The index of a folder, from the JSON of its reports alone, whoever wrote that."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reportgen.batch import read_rows, write_index
from reportgen.batch.index import runs_of
from reportgen.errors import OutputError
from reportgen.rendering import IndexRow, Measure

NONE = {"note": 0, "warning": 0, "problem": 0}


def document(**changes):
    """Return the JSON of a report as far as the index reads it."""
    quality = {"classification": {"accuracy": {"value": 0.92, "low": 0.874, "high": 0.95}}}
    quality["classification"]["matrix"] = {"names": ["cat", "dog"], "cells": [[0, 0, 3], [1, 0, 1], [1, 1, 1]]}
    return {
        "schema_version": 2,
        "provenance": {
            "title": "A network",
            "file_name": "network.keras",
            "date": "2026-01-01",
            "sha256": "ab" * 32,
            "file_size": 1_365_363,
        },
        "model": {"parameters": 333_526, "input_shape": [28, 28, 1]},
        "samples": {"evaluated": 200, "sha256": "cd" * 32},
        "findings": [
            {"code": "no-better", "severity": "problem"},
            {"code": "silent", "severity": "note"},
            {"code": "silent", "severity": "note"},
        ],
        "advice": {"no-better": {"title": "No better than the baseline"}},
        "inconclusive": [{}],
        "sections": [{"name": "prediction_quality", "result": quality}],
    } | changes


def write(folder: Path, name: str, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def test_a_row_holds_what_the_json_says(tmp_path):
    write(tmp_path, "a b", document())
    (tmp_path / "a b.html").touch()
    (row,) = read_rows(tmp_path)
    assert (row.name, row.title, row.model, row.page) == ("a b", "A network", "network.keras", "a%20b.html")
    assert (row.date, row.sha256, row.evaluated) == ("2026-01-01", "ab" * 32, 200)
    assert (row.parameters, row.size) == (333_526, 1_365_363)
    assert row.measure == Measure("accuracy", 0.92, 0.874, 0.95)
    assert row.findings == {"note": 2, "warning": 0, "problem": 1}
    assert (row.inconclusive, row.worst, row.error) == (1, "No better than the baseline", "")
    assert row.confusion.counts.tolist() == [[3, 0], [1, 1]]


def test_a_page_that_is_not_there_is_not_linked(tmp_path):
    write(tmp_path, "a", document())
    assert next(read_rows(tmp_path)).page == ""


@pytest.mark.parametrize(
    ("part", "kind"),
    [("multi_label", "exact"), ("segmentation", "iou"), ("images", "psnr"), ("regression", "r2")],
)
def test_other_measures_are_read_where_there_are_no_classes(tmp_path, part, kind):
    name = {"exact": "exact", "iou": "mean", "psnr": "psnr", "r2": "explained"}[kind]
    quality = {part: {name: {"value": 0.5, "low": None, "high": True}}}
    write(tmp_path, "a", document(sections=[{"name": "prediction_quality", "result": quality}]))
    (row,) = read_rows(tmp_path)
    assert (row.measure, row.confusion) == (Measure(kind, 0.5), None)


def test_without_labels_the_picture_is_the_first_kernel(tmp_path):
    histogram = {"range": [-1, 1], "counts": {"trained": [1, 2], "untrained": [3, 0]}}
    result = {"first": None, "others": [{"histogram": histogram}]}
    write(tmp_path, "a", document(sections=[{"name": "weight_histograms", "result": result}]))
    (row,) = read_rows(tmp_path)
    assert row.weights.edges.tolist() == [-1, 0, 1]
    assert row.weights.counts["untrained"].tolist() == [3, 0]


HOSTILE = [
    "not JSON",
    "[]",
    "null",
    '{"schema_version": 2}',
    '{"failed": 3}',
    "[" * 100_000,
    '{"provenance": {}, "schema_version": "2"}',
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_other_json_is_passed_over(tmp_path, text):
    write(tmp_path, "a", text)
    assert list(read_rows(tmp_path)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"provenance": {"title": 3, "file_name": ["x"], "date": None, "file_size": 1e400, "sha256": {}}},
        {"model": [], "samples": "x", "findings": {"a": 1}, "inconclusive": 7, "sections": [3, {"name": []}]},
        {"findings": [3, {"severity": ["problem"]}], "advice": 3, "model": {"parameters": -1}},
        {"sections": [{"name": "prediction_quality", "result": {"classification": {"accuracy": {"value": "1"}}}}]},
        {
            "sections": [
                {
                    "name": "prediction_quality",
                    "result": {"classification": {"matrix": {"names": ["a", "b"], "cells": [[0, 9, 1]]}}},
                }
            ]
        },
        {
            "sections": [
                {
                    "name": "weight_histograms",
                    "result": {"others": [{"histogram": {"range": [1, 0], "counts": {"trained": [[]]}}}]},
                }
            ]
        },
    ],
    ids=range(6),
)
def test_of_what_has_not_its_type_nothing_is_shown(tmp_path, changes):
    write(tmp_path, "a", document(**changes))
    (row,) = read_rows(tmp_path)
    assert row.worst == "" or row.findings["problem"] == 1
    assert "<!doctype html>" in write_index(tmp_path).read_text()


def test_names_of_a_stranger_are_text_and_nothing_else(tmp_path):
    provenance = document()["provenance"] | {"title": "<script>alert(1)</script>\u202e", "file_name": "%(x)s{y}</td>"}
    advice = {"no-better": {"title": "100% {evil} %(bad)s <b>"}}
    write(tmp_path, "a", document(provenance=provenance, advice=advice))
    for lang in ("en", "ko"):
        page = write_index(tmp_path, lang=lang).read_text(encoding="utf-8")
        assert page.count("<script") == 1
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in page
        assert "100% {evil} %(bad)s &lt;b&gt;" in page
        assert "%(x)s{y}&lt;/td&gt;" in page


def row(name: str, value: float, **changes: object) -> IndexRow:
    return replace(
        IndexRow(name=name, title=name, findings=NONE, comparable="same", measure=Measure("accuracy", value)), **changes
    )


def test_checkpoints_of_one_training_become_a_curve_in_the_order_of_their_numbers():
    rows = [
        row("e-10", 0.9, measure=Measure("accuracy", 0.9, 0.8, 0.95)),
        row("e-9", 0.8),
        row("e-1", 0.1),
        row("x", 1),
    ]
    (run,) = runs_of(rows)
    assert (run.name, run.steps) == ("e-…", (1, 9, 10))
    curve = run.curve
    assert (curve.x.tolist(), curve.y.tolist()) == ([1, 9, 10], [0.1, 0.8, 0.9])
    assert (curve.low.tolist(), curve.high.tolist()) == ([0.1, 0.8, 0.8], [0.1, 0.8, 0.95])


def test_of_several_numbers_the_first_whole_one_that_differs_is_the_step():
    names = ["run2-weights.01-0.45", "run2-weights.02-0.31", "run2-weights.03-0.30"]
    (run,) = runs_of([row(name, 0.5) for name in names])
    assert (run.name, run.steps) == ("run…-weights.…-…", (1, 2, 3))


@pytest.mark.parametrize(
    "rows",
    [
        [row("e-1", 0.1), row("e-2", 0.2)],
        [row("e-1", 0.1), row("e-2", 0.2), row("f-3", 0.3)],
        [row("e-1", 0.1), row("e-2", 0.2), row("e-3", 0.3, comparable="other samples")],
        [row("e-1", 0.1), row("e-2", 0.2), row("e-3", 0.3, measure=None)],
        [row("e-1", 0.1), row("e-2", 0.2), row("e-2.0", 0.3)],
    ],
    ids=["two", "another name", "other samples", "without labels", "no whole number"],
)
def test_what_is_no_series_of_equal_models_on_equal_samples_is_no_curve(rows):
    assert runs_of(rows) == ()


def test_the_index_is_made_anew_from_the_json_alone_and_has_the_same_bytes(tmp_path):
    for number, value in enumerate((0.5, 0.75, 0.875)):
        quality = {"classification": {"accuracy": {"value": value, "low": value - 0.1, "high": value + 0.1}}}
        write(tmp_path, f"e{number}", document(sections=[{"name": "prediction_quality", "result": quality}]))
    write(tmp_path, "bad.failed", {"failed": {"model": "bad.keras", "error": "bad.keras is empty.", "exit_code": 3}})
    page = write_index(tmp_path).read_bytes()
    (tmp_path / "index.html").unlink()
    assert write_index(tmp_path).read_bytes() == page
    text = page.decode()
    assert "<small>77.5%–97.5%</small>" in text
    assert '<a class="no" href="#failed">✖ No report</a>' in text
    assert '<a href="#row-bad"><bdi>bad</bdi></a>: bad.keras is empty.' in text
    assert "accuracy of 3 checkpoints of e…: first 50.0%, last 87.5%, highest 87.5%." in text
    assert "3 reports · 1 model without a report · latest of 2026-01-01" in " ".join(text.split())


def test_the_index_speaks_the_language_asked_for(tmp_path):
    write(tmp_path, "a", document(advice={"no-better": {"title": "A section failed"}}))
    page = write_index(tmp_path, lang="ko").read_text(encoding="utf-8")
    assert '<html lang="ko" ' in page
    assert "보고서 1개" in page
    assert "A section failed" not in page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_folder_without_reports_says_so(tmp_path):
    page = write_index(tmp_path).read_text()
    assert "The folder holds no report." in page
    assert re.search(r"<p>Made by reportgen [^ ]+\. This page makes no network requests\.</p>", page)
    with pytest.raises(OutputError, match=r"the folder of reports must exist. Received: gone"):
        write_index(tmp_path / "gone")


def test_a_small_confusion_matrix_tells_right_cells_from_wrong_ones_by_their_share_of_the_row():
    from reportgen.rendering.index import confusion_drawing
    from reportgen.results import Matrix

    drawn = confusion_drawing(Matrix(np.array([[3, 1], [0, 5]]), ("a", "b")))
    assert drawn == [
        (False, 0.4, "M28.0 0.0h28.0v28.0h-28.0z"),
        (True, 0.8, "M0.0 0.0h28.0v28.0h-28.0z"),
        (True, 1.0, "M28.0 28.0h28.0v28.0h-28.0z"),
    ]
