"""What a written page says of itself. The page is a stranger's: nothing of it runs, and each value is checked for its type."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from reportgen.errors import UsageError
from reportgen.rendering import page_differences
from reportgen.untrusted.escaping import base_name, reason_of
from reportgen.untrusted.regular import read_regular

LARGEST_READ = 200_000_000
"""Bytes of the largest page that is read; one has 15 MB unless --max-size allows more."""

_BLOCK = ('<script type="application/json" id="report-data">', "</script>")
"""Around the numbers of older pages, which had them twice: the link offers them too."""
_LINK = re.compile(r'href="data:application/(json;charset=utf-8|json;base64|gzip;base64),([^"]*)"')
_GZIP = 31
"""Says to zlib that a gzip header precedes the data."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RecordedReport:
    """A page as it was found.

    Attributes:
        page: its text; '' where it is none.
        document: its numbers, as `report.schema.json` has them; empty where they cannot be read.
        differences: what was changed in it, or what is wrong with it, one sentence each.
    """

    page: str
    document: Mapping[str, Any]
    differences: tuple[str, ...] = ()

    def value(self, *names: str, of: type | tuple[type, ...] = str) -> Any:
        """Return a value of the numbers by the names on the way to it; None where there is none of this type."""
        found: Any = self.document
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, of) else None

    def sha256(self, *names: str) -> str | None:
        """Return a SHA-256 among the numbers; None where there is none."""
        found = self.value(*names)
        return found if found and _SHA256.fullmatch(found) else None

    @property
    def language(self) -> str:
        """Code of the page's language."""
        return str(self.value("provenance", "options", "lang") or "en")


def read_recorded(path: Path) -> RecordedReport:
    """Return what stands in a page, with what was changed in it since it was written.

    Raises:
        UsageError: the file cannot be read or is too large to be a page.
    """
    try:
        content = read_regular(path, most=LARGEST_READ + 1)
    except OSError as error:
        raise UsageError(
            f"the report must be a page that reportgen wrote. Received: {base_name(path)}: {reason_of(error)}. Choose another."
        ) from error
    if len(content) > LARGEST_READ:
        raise UsageError(
            f"the report must have at most {LARGEST_READ // 1_000_000} MB. Received: {base_name(path)}, which is larger. "
            "Choose another."
        )
    try:
        page = content.decode("utf-8")
    except UnicodeDecodeError:
        return RecordedReport("", {}, ("the page is not UTF-8: it is no report, or was changed.",))
    changed = page_differences(page)
    if changed and "\r\n" in page and not page_differences(page.replace("\r\n", "\n")):
        changed = ["the page's line ends were changed to those of Windows; nothing else was."]
    document, wrong = _document(page)
    return RecordedReport(page, document, (*changed, *wrong))


def _document(page: str) -> tuple[Mapping[str, Any], Sequence[str]]:
    """Return the page's numbers, and what is wrong with them."""
    begin, end = _BLOCK
    _, opened, rest = page.partition(begin)
    block, closed, rest = rest.partition(end)
    links = _LINK.findall(page)
    if not links and not closed:
        return {}, ["the page has no numbers of a report."]
    document = _parsed(block) if opened else _linked(*links[0])
    if document is None:
        return {}, ["the page's numbers are not the JSON of a report."]
    if begin in rest or len(links) > 1:
        return document, ["the page holds two sets of numbers."]
    same = not opened or (bool(links) and _is_same(_linked(*links[0]), document))
    return document, [] if same else ["the JSON file behind the page's link is not its numbers."]


def _is_same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except RecursionError:
        return False


def _linked(encoding: str, text: str) -> Mapping[str, Any] | None:
    """Return the JSON of a link; None where it is none."""
    try:
        address = html.unescape(text)
        content = base64.b64decode(address, validate=True) if "base64" in encoding else unquote_to_bytes(address)
        if encoding.startswith("gzip"):
            unpacking = zlib.decompressobj(_GZIP)
            content = unpacking.decompress(content, LARGEST_READ)  # what is longer is not JSON as far as this
        return _parsed(content.decode("utf-8"))
    except (binascii.Error, zlib.error, ValueError):
        return None


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refused(constant: str) -> None:
    raise ValueError(constant)
