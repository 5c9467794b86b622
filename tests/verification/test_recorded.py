"""What is read of a page that a stranger wrote: its changes, its numbers, and nothing that runs."""

import base64
import gzip
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hand_built import hostile_report, skipped_report

from reportgen.errors import UsageError
from reportgen.rendering.digest import sealed
from reportgen.rendering.html import render_html
from reportgen.rendering.json import render_json
from reportgen.verification import recorded
from reportgen.verification.recorded import read_recorded


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(hostile_report())


def read(folder: Path, page: str | bytes) -> recorded.RecordedReport:
    path = folder / "report.html"
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return read_recorded(path)


def linked(page: str, address: str) -> str:
    """Return a page with another link to its numbers, under a digest that fits it."""
    begin = page.index('href="data:application/gzip;') + len('href="')
    forged = page[:begin] + f"data:application/{address}" + page[page.index('"', begin) :]
    digest = page.partition('data-digest="')[2].partition('"')[0]
    return sealed(forged.replace(digest, ""))


def as_older(page: str, numbers: str) -> str:
    """Return a page as releases wrote it whose pages held their numbers twice, under a digest that fits it."""
    block = numbers.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    digest = page.partition('data-digest="')[2].partition('"')[0]
    return sealed(page.replace(digest, "").replace('<script type="module">', f"{BEGIN}{block}</script>\n<script>"))


def test_a_page_of_hostile_names_is_read_as_it_was_written(tmp_path: Path, page: str) -> None:
    found = read(tmp_path, page)
    assert found.differences == ()
    assert found.document == json.loads(render_json(hostile_report()))
    assert found.sha256("provenance", "sha256") == "0123456789abcdef" * 4


@pytest.mark.parametrize("kind", ["gzip;base64", "json;base64", "json;charset=utf-8"])
def test_pages_of_every_kind_of_links_are_read(tmp_path: Path, kind: str) -> None:
    page, numbers = render_html(skipped_report()), render_json(skipped_report())
    assert page.count('href="data:application/gzip;base64,') == 1
    texts = {
        "gzip;base64": base64.b64encode(gzip.compress(numbers.encode())).decode(),
        "json;base64": base64.b64encode(numbers.encode()).decode(),
        "json;charset=utf-8": quote(numbers),
    }
    assert read(tmp_path, linked(page, f"{kind},{texts[kind]}")).differences == ()


def test_a_link_that_unpacks_to_more_than_a_page_may_hold_is_unpacked_no_further(
    tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "LARGEST_READ", 1_000_000)
    bomb = base64.b64encode(gzip.compress(b" " * 50_000_000 + render_json(hostile_report()).encode())).decode()
    found = read(tmp_path, linked(page, f"gzip;base64,{bomb}"))
    assert found.differences == ("the page's numbers are not the JSON of a report.",)


def test_line_ends_that_a_mail_program_changed_are_told_as_such(tmp_path: Path, page: str) -> None:
    changed = read(tmp_path, page.replace("\n", "\r\n"))
    assert changed.differences == ("the page's line ends were changed to those of Windows; nothing else was.",)


def test_an_older_page_with_its_numbers_twice_is_read(tmp_path: Path, page: str) -> None:
    numbers = render_json(hostile_report())
    found = read(tmp_path, as_older(page, numbers))
    assert found.differences == ()
    assert found.document == json.loads(numbers)


def test_numbers_behind_an_older_pages_link_that_are_not_its_own_are_found_under_a_new_digest(
    tmp_path: Path, page: str
) -> None:
    numbers = render_json(hostile_report()).replace("12345", "54321")
    assert read(tmp_path, as_older(page, numbers)).differences == (
        "the JSON file behind the page's link is not its numbers.",
    )


NOT_OURS = "the page has no digest of reportgen's: it is not a report, or of a release before digests."
BEGIN = '<script type="application/json" id="report-data">'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (b"", "the page has no numbers of a report."),
        (b"\xff\xfe", None),
        (b"<html>", "the page has no numbers of a report."),
        (f"{BEGIN}{{}}".encode(), "the page has no numbers of a report."),
        (f"{BEGIN}[1]</script>".encode(), "the page's numbers are not the JSON of a report."),
        (f'{BEGIN}{{"a":NaN}}</script>'.encode(), "the page's numbers are not the JSON of a report."),
        (f"{BEGIN}{'[' * 100_000}</script>".encode(), "the page's numbers are not the JSON of a report."),
        (f'{BEGIN}{{"a":{"9" * 5000}}}</script>'.encode(), "the page's numbers are not the JSON of a report."),
        (f"{BEGIN}{{}}</script>{BEGIN}".encode(), "the page holds two sets of numbers."),
        (2 * b'<a href="data:application/json;base64,e30=">', "the page holds two sets of numbers."),
        (b'<a href="data:application/gzip;base64,e30=">', "the page's numbers are not the JSON of a report."),
    ],
)
def test_bytes_other_than_ours_are_a_line_and_no_crash(tmp_path: Path, text: bytes, wrong: str | None) -> None:
    said = (NOT_OURS, wrong) if wrong else ("the page is not UTF-8: it is no report, or was changed.",)
    assert read(tmp_path, text).differences == said


def test_values_of_another_type_are_none(tmp_path: Path) -> None:
    found = read(tmp_path, f'{BEGIN}{{"provenance":{{"sha256":7,"options":[]}},"samples":"x"}}</script>')
    assert found.sha256("provenance", "sha256") is None
    assert found.value("samples", "sha256") is None
    assert found.language == "en"


def test_a_file_that_is_too_large_or_missing_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "LARGEST_READ", 1_000_000)
    (tmp_path / "large.html").write_bytes(b"x" * 1_000_001)
    with pytest.raises(UsageError, match="at most 1 MB"):
        read_recorded(tmp_path / "large.html")
    with pytest.raises(UsageError, match=r"Received: none\.html: No such file"):
        read_recorded(tmp_path / "none.html")
