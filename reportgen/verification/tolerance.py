"""A written report compared with the one made again: what must be the same, and how far numbers may lie apart."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import numpy as np
from PIL import Image

from reportgen import __version__
from reportgen.rendering import page_parts
from reportgen.report import Report
from reportgen.untrusted.escaping import shown
from reportgen.verification.recorded import RecordedReport

RELATIVE, ABSOLUTE = 1e-4, 1e-6
DEVIATION = 0.1
HISTOGRAM_SHARE = 0.001
PICTURE_LEVEL, PICTURE_SHARE = 3, 0.01
TOLERANCES: Mapping[str, str] = {
    "counts, names, words": "equal",
    "measures": f"{RELATIVE:g} of the number, or {ABSOLUTE:g}",
    "deletion tests": f"{DEVIATION:g} of a null standard deviation",
    "numbers in a text": "one in the last digit shown",
    "histograms": f"{HISTOGRAM_SHARE:.1%} of the values in another bin",
    "pictures": f"{PICTURE_LEVEL} of 255 levels; {PICTURE_SHARE:.0%} of the pixels more",
}
"""How far a report made again may differ by kind of number: another processor adds in another order. Our choice; where it comes
from stands in docs/workflow.md."""

_NO_NUMBER = 1e300
_MOST_PIXELS = 50_000_000
_MOST_SAID = 5  # differences of one part of the page
_TOKEN = re.compile(r"<[^<>]*>|[^<>]+|[<>]")
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")


def report_differences(recorded: RecordedReport, report: Report) -> list[str]:
    """Return in what a page differs from the report that was made again, one sentence each; none within the tolerances.

    Pages of another version of reportgen have other words: of them the numbers alone are compared.
    """
    page = report.to_html()
    if page == recorded.page:
        return []
    differences = list(_differing(recorded.document, json.loads(report.to_json()), ""))
    if recorded.value("provenance", "versions", "reportgen") == __version__:
        differences += _differing_pages(recorded.page, page)
    return differences


def _differing(then: Any, now: Any, path: str) -> Iterator[str]:
    """Yield where two JSON values differ."""
    if isinstance(then, dict) and isinstance(now, dict):
        if "value_label" in now and "counts" in now and _same_shape(then, now):
            yield from _differing_histograms(then, now, path)
            return
        for name in dict.fromkeys((*then, *now)):
            at = f"{path}.{name}" if path else str(name)
            if name not in then or name not in now:
                yield f"{shown(at)}: {'is not in the report' if name not in then else 'does not come out again'}."
            else:
                yield from _differing(then[name], now[name], at)
    elif isinstance(then, list) and isinstance(now, list):
        if len(then) != len(now):
            yield f"{shown(path)}: {len(then):,} values; made again {len(now):,}."
            return
        for index, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differing(one, other, f"{path}[{index}]")
    elif path.endswith(".deletion") and _numbers(then, now):
        if abs(then - now) > DEVIATION:
            yield f"{shown(path, end=40)}: {_told(then)}; made again {_told(now)}."
    elif not _alike(then, now):
        yield f"{shown(path, end=40)}: {_told(then)}; made again {_told(now)}."


def _alike(then: Any, now: Any) -> bool:
    if isinstance(then, bool) or isinstance(now, bool) or then is None or now is None:
        return then is now
    if isinstance(then, str) and isinstance(now, str):
        return _texts_alike(then, now)
    if isinstance(then, int) and isinstance(now, int):
        return then == now
    return _numbers(then, now) and abs(then - now) <= max(RELATIVE * max(abs(then), abs(now)), ABSOLUTE)


def _numbers(*values: Any) -> bool:
    """Return whether these are numbers of a report's size; Python's own whole numbers have no end, and float has one."""
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _NO_NUMBER for value in values
    )


def _told(value: Any) -> str:
    return shown(json.dumps(value, ensure_ascii=False))


def _same_shape(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    def shape(one: Mapping[str, Any]) -> Any:
        counts = one.get("counts")
        return {
            name: len(bins)
            for name, bins in (counts.items() if isinstance(counts, Mapping) else ())
            if isinstance(bins, list) and all(type(count) is int and _numbers(count) for count in bins)
        }

    return then.keys() == now.keys() and shape(then) == shape(now)


def _differing_histograms(then: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from _differing(then["range"], now["range"], f"{path}.range")
    yield from _differing(then["value_label"], now["value_label"], f"{path}.value_label")
    for name, counts in now["counts"].items():
        moved = sum(abs(one - other) for one, other in zip(then["counts"][name], counts, strict=True)) / 2
        if moved > HISTOGRAM_SHARE * sum(counts):
            yield f"{shown(path)}.{shown(name)}: {moved:,g} of {sum(counts):,} values lie in another bin."


def _differing_pages(then: str, now: str) -> list[str]:
    """Return where the words, numbers and pictures of two pages differ; their data was compared already."""
    parts_then, parts_now = (list(page_parts(page)) for page in (then, now))
    if [name for name, _ in parts_then] != [name for name, _ in parts_now]:
        return ["the page has other parts than the report made again."]
    said: list[str] = []
    for (name, one), (_, other) in zip(parts_then, parts_now, strict=True):
        if one == other or name == "report-data":
            continue
        found = list(_differing_parts(one, other))
        said += [f"{name}: {what}" for what in found[:_MOST_SAID]]
        said += [f"{name}: and {len(found) - _MOST_SAID:,} more differences."] if len(found) > _MOST_SAID else []
    return said


def _differing_parts(then: str, now: str) -> Iterator[str]:
    one, other = _TOKEN.findall(then), _TOKEN.findall(now)
    if len(one) != len(other):
        yield "the page has other text or pictures here than the report made again."
        return
    for found, wanted in zip(map(_readable, one), map(_readable, other), strict=True):
        if found == wanted or "data-digest=" in wanted:
            continue
        pictures, again = _PICTURE.findall(found), _PICTURE.findall(wanted)
        if len(pictures) != len(again) or not _texts_alike(_PICTURE.sub("…", found), _PICTURE.sub("…", wanted)):
            yield f"says '{_short(found)}'; made again '{_short(wanted)}'."
        elif not all(map(_pictures_alike, pictures, again)):
            yield f"a picture differs from the one made again: {_short(wanted)}."


def _readable(token: str) -> str:
    """Return a tag or a text of a page with its drawings as they are written, and what is almost none or all as that."""
    text = html.unescape(unquote(token) if "data:image/svg+xml" in token else token)
    return text.replace(">99.9%", "100.0%").replace("<0.1%", "0.0%")


def _short(text: str) -> str:
    return shown(_PICTURE.sub("…", text).strip(), limit=160, end=40)


def _texts_alike(then: str, now: str) -> bool:
    """Return whether two texts have the same words, and numbers that differ by one in the last digit at most."""
    if then == now:
        return True
    if _NUMBER.sub("#", then) != _NUMBER.sub("#", now):
        return False
    return all(map(_written_alike, _NUMBER.findall(then), _NUMBER.findall(now)))


def _written_alike(then: str, now: str) -> bool:
    if then == now:
        return True
    if "." not in then + now and "e" not in then + now:  # a count
        return False
    one, other = (float(text.replace(",", "")) for text in (then, now))
    return abs(one - other) <= _last_digit(now) * 1.001


def _last_digit(text: str) -> float:
    """Return what one in the last digit of a written number is worth: 0.01 of '3.14', 10 of '1.25e3'."""
    digits, _, exponent = text.partition("e")
    return 10.0 ** (min(int(exponent[:6] or 0), 300) - len(digits.partition(".")[2]))


def _pictures_alike(then: str, now: str) -> bool:
    one, other = (_pixels(encoded) for encoded in (then, now))
    if one is None or other is None or one.shape != other.shape:
        return False
    apart = np.abs(one.astype(np.int16) - other) > PICTURE_LEVEL
    return bool(apart.mean() <= PICTURE_SHARE)


def _pixels(encoded: str) -> np.ndarray | None:
    """Return a PNG's colours, (height, width, 4) uint8; None where it is none, or larger than any of a page."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)), formats=["PNG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            return np.asarray(image.convert("RGBA"))
    except Exception:  # noqa: BLE001 - Pillow raises many kinds for a damaged file
        return None
