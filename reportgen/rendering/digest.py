"""The page's own digest: whoever has the page alone can tell whether it was changed since it was written, and where.

It tells of integrity, not of authenticity: whoever edits the page can compute the digest anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

_OPEN = "0" * 64
_SHORT = 12  # hexadecimal digits that tell which part was changed; what counts is the digest of the whole
_SEALED = re.compile(
    r'\A<!doctype html>\n<html lang="[\w-]{1,20}" data-digest="sha256:(?P<digest>[0-9a-f]{64})'
    r'(?P<parts>(?: [\w.-]{1,200}:[0-9a-f]{12}){1,2000})">'
)
_PART = re.compile(
    r'<(?:section id="([\w.-]{1,200})" aria-labelledby|(footer)>|a class="button" id="(report-data)"|p class="meta" id="(about)"'
    r'|script type="application/json" id="(report-data)">|html lang="[\w-]{1,20}" (?P<root>data-digest)="[^"]*")'
)
_UNSEALED = ' data-digest=""'


def sealed(page: str) -> str:
    """Return a page with its digest in the root element's attribute `data-digest`, which is empty so far.

    The digest is SHA-256 over the page's bytes as they are written, with 64 zeros in its own place. Behind it stands the
    beginning of each part's digest, so that a reader is told which part was changed.
    """
    parts = " ".join(f"{name}:{digest}" for name, digest in _part_digests(page))
    opened = page.replace(_UNSEALED, f' data-digest="sha256:{_OPEN} {parts}"', 1)
    return opened.replace(_OPEN, _sha256(opened), 1)


def page_differences(page: str) -> list[str]:
    """Return what was changed in a page since it was written, one sentence for each part; none where nothing was.

    Args:
        page: the whole text of a file, of which nothing is believed.
    """
    found = _SEALED.match(page)
    if found is None:
        return ["the page has no digest of reportgen's: it is not a report, or of a release before digests."]
    start, end = found.span("digest")
    digest = _sha256(page[:start] + _OPEN + page[end:])
    if digest == found["digest"]:
        return []
    recorded = [part.rsplit(":", 1) for part in found["parts"].split()]
    present = [[name, short] for name, short in _part_digests(page)]
    if [name for name, _ in present] != [name for name, _ in recorded]:
        names = [name for name, _ in recorded]
        new = [name for name, _ in present if name not in names]
        gone = [name for name in names if name not in [name for name, _ in present]]
        said = [f"{name}: this part was added." for name in new] + [f"{name}: this part is missing." for name in gone]
        return said or ["the page's parts stand in another order or number than when it was written."]
    changed = [name for (name, now), (_, then) in zip(present, recorded, strict=True) if now != then]
    said = [f"{name}: this part was changed since the page was written." for name in changed]
    return said or ["the page's digest itself was changed."]


def page_parts(page: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a page, in order, each with its name: what stands before the sections, then each section."""
    name, start = "head", 0
    for found in _PART.finditer(page):
        if found["root"]:
            continue
        yield name, page[start : found.start()]
        name, start = found[found.lastindex or 0], found.start()
    yield name, page[start:]


def _part_digests(page: str) -> Iterator[tuple[str, str]]:
    # without the root element's attribute, which holds these digests
    bare = re.sub(r' data-digest="[^"]*"', _UNSEALED, page, count=1)
    for name, text in page_parts(bare):
        yield name, _sha256(text)[:_SHORT]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()
