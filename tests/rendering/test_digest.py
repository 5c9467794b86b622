"""The page's own digest: what was changed is found, and in which part."""

import hashlib
import re

import pytest

from reportgen.rendering.digest import page_differences, page_parts
from reportgen.rendering.html import render_html
from reportgen.results.report import Report


@pytest.fixture
def page(report: Report) -> str:
    return render_html(report)


def test_a_page_as_it_was_written_has_no_differences(page: str) -> None:
    assert page_differences(page) == []


def test_the_digest_is_sha256_over_the_page_with_zeros_in_its_place(page: str) -> None:
    digest = re.search(r'data-digest="sha256:([0-9a-f]{64}) ', page)[1]
    assert hashlib.sha256(page.replace(digest, "0" * 64, 1).encode()).hexdigest() == digest


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("<h1>A tiny model</h1>", "<h1>A fine model</h1>", "head"),
        ("1 of 2 channels never fired", "0 of 2 channels never fired", "summary"),
        ("Looks fine.", "Looks good.", "summary"),
        ("data:image/png;base64,i", "data:image/png;base64,j", "sample_predictions"),
        ("<footer>", "<footer> ", "footer"),
        ("application/gzip;base64,H", "application/gzip;base64,I", "report-data"),
        ('aria-label="Contents"', 'aria-label="Content"', "about"),
    ],
)
def test_a_changed_caption_number_or_picture_is_found_in_its_part(page: str, old: str, new: str, part: str) -> None:
    body = page.index('<section id="sample_predictions"') if "png" in old else 0
    changed = page[:body] + page[body:].replace(old, new, 1)
    assert changed != page
    assert page_differences(changed) == [f"{part}: this part was changed since the page was written."]


def test_every_single_byte_counts(page: str) -> None:
    for at in range(200, len(page) - 1, len(page) // 97):
        changed = page[:at] + ("x" if page[at] != "x" else "y") + page[at + 1 :]
        assert page_differences(changed), at


def test_added_and_missing_sections_are_named(page: str) -> None:
    added = page.replace(
        '<section id="glossary"', '<section id="praise" aria-labelledby="x"></section><section id="glossary"'
    )
    assert page_differences(added) == ["praise: this part was added."]
    name, text = next(part for part in page_parts(page) if part[0] == "learned")
    assert page_differences(page.replace(text, "")) == [f"{name}: this part is missing."]


def test_a_part_that_stands_twice_is_found(page: str) -> None:
    text = dict(page_parts(page))["glossary"]
    said = ["the page's parts stand in another order or number than when it was written."]
    assert page_differences(page.replace(text, text + text)) == said


def test_another_digest_is_found(page: str) -> None:
    digest = re.search(r'data-digest="sha256:([0-9a-f]{64}) ', page)[1]
    assert page_differences(page.replace(digest, "a" * 64)) == ["the page's digest itself was changed."]


@pytest.mark.parametrize("text", ["", "<!doctype html>\n<html lang='en'>", "no page", "\x00" * 1000])
def test_what_is_no_page_of_ours_is_told(text: str) -> None:
    assert page_differences(text) == [
        "the page has no digest of reportgen's: it is not a report, or of a release before digests."
    ]
