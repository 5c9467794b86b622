"""What is checked on a page: each check returns the faults that it found, so that a test can also see it fail."""

import base64
import gzip
import io
import json
import os
import re
import subprocess
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

REPORTS = ("demo", "deep", "skipped", "hostile", "tiles")
PAGES = (*REPORTS, "korean", "redacted")
"""Names of the pages in the fixture `report_paths`; the slowest tests leave out the last two, the demo's again."""

EVERY = ("demo", "deep", "residual", "signals", "masks", "weights")
"""Pages of networks of every kind."""

DEMO_SCREENS = (9.0, 16.0)
"""Most screens of the demo's page, of 900 CSS pixels at a width of 1,440 and of 844 at 390."""

ADDRESS = "https://report.test/"
"""Where a page stands when it is served with headers; nothing is there, the browser is answered by this module."""

WINDOW = {"width": 1280, "height": 720}
"""Size of Playwright's page where none is given."""

HEIGHTS = {320: 700, 390: 844, 1280: 720, 1440: 900}
"""Of windows by their width, in CSS pixels; from 1,100 pixels of width on the style is the same."""

MOST_STYLE, MOST_SCRIPT, MOST_NODES = 16_800, 10_000, 2_999
"""Bytes of a page's style and script, and elements of the demo's page."""

MOST_COLOURS = 257
"""Of a grid: a palette of 256 and the gap between the tiles. A smoothed one has thousands."""

COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""Axe's rules that read colours; in dark and in forced colours nothing else of the page is another."""


def missing(reason: str) -> None:
    """Skip with a reason, or fail where the tests must run, as in CI."""
    if os.environ.get("REPORTGEN_REQUIRE_BROWSER"):
        pytest.fail(f"REPORTGEN_REQUIRE_BROWSER is set, but this {reason}")
    pytest.skip(reason)


@dataclass
class Visit:
    """A page in the browser, the addresses it asked for and what the browser complained about.

    Attributes:
        page: Playwright's.
        options: what its context was made with.
        requests: addresses.
        complaints: what the console and the page's errors said.
    """

    page: Any
    options: dict[str, Any]
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._heard = {
            "request": lambda request: self.requests.append(request.url),
            "console": lambda said: said.type in ("error", "warning") and self.complaints.append(said.text),
            "pageerror": lambda error: self.complaints.append(str(error)),
        }

    def open(self, document: Path | str, headers: dict[str, str]) -> None:
        """Go to a file, or to a document served under `ADDRESS` with these headers; all else is refused and noted."""
        page = self.page
        for event, hear in self._heard.items():
            page.on(event, hear)
        if isinstance(document, Path) and not headers:
            page.goto(document.as_uri())
            return
        body = document.read_text(encoding="utf-8") if isinstance(document, Path) else document
        answer = {"Content-Type": "text/html; charset=utf-8"} | headers
        page.route("**/*", lambda route: route.abort())
        page.route(ADDRESS, lambda route: route.fulfill(body=body, headers=answer))
        page.goto(ADDRESS)

    def restore(self) -> None:
        """Give the page the media that it was opened with."""
        options = {"color_scheme": "light", "forced_colors": "none"} | self.options
        self.page.emulate_media(
            media="null", color_scheme=options["color_scheme"], forced_colors=options["forced_colors"]
        )

    def leave(self) -> bool:
        """Make the page as it was, empty and unheard, and return whether it can be: another page stays where a test opened it."""
        page = self.page
        if page.is_closed() or len(page.context.pages) > 1:
            return False
        for event, hear in self._heard.items():
            page.remove_listener(event, hear)
        page.unroute_all()
        page.goto("about:blank")
        self.restore()
        page.set_viewport_size(self.options.get("viewport", WINDOW))
        page.mouse.move(-1, -1)
        return True

    def outside(self) -> list[str]:
        """Return the addresses asked for beyond the page itself; data: addresses are part of it."""
        return [address for address in self.requests[1:] if not address.startswith("data:")]


class Pages:
    """The pages of a browser, used again: one in a context of its own costs it a process, four times what another document does.

    Args:
        browser: Playwright's.
    """

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._idle: dict[str, list[Any]] = {}
        self._looked_at: dict[str, Visit] = {}
        self._path: Path | None = None

    def open(self, document: Path | str, headers: dict[str, str], options: dict[str, Any]) -> Visit:
        """Return a document in a page that is as good as new."""
        idle = self._idle.get(repr(sorted(options.items())))
        visit = Visit(idle.pop() if idle else self._browser.new_context(**options).new_page(), options)
        visit.open(document, headers)
        return visit

    def put_back(self, visit: Visit) -> None:
        """Keep a page for another document."""
        if visit.leave():
            self._idle.setdefault(repr(sorted(visit.options.items())), []).append(visit.page)
        else:
            visit.page.context.close()

    def look(self, path: Path, unfolded: bool, options: dict[str, Any]) -> Visit:
        """Return a file's page that is open already where another test looked at it so; those of other files are put back."""
        if path != self._path:
            for visit in self._looked_at.values():
                self.put_back(visit)
            self._path, self._looked_at = path, {}
        key = repr((unfolded, sorted(options.items())))
        if key not in self._looked_at:
            visit = self._looked_at[key] = self.open(path, {}, options)
            if unfolded:
                open_details(visit.page)
        self._looked_at[key].restore()
        return self._looked_at[key]


def wait_until(page: Any, holds: Callable[[], bool]) -> None:
    """Ask until it holds, for what the browser does by itself and no script of ours can say the end of."""
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it never held")


def numbers_of(document: str) -> Any:
    """Return what the JSON says that a page's link offers."""
    (packed,) = re.findall(r'href="data:application/gzip;base64,([^"]*)"', document)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def open_details(page: Any) -> None:
    """Open everything that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")


def image_faults(page: Any) -> list[str]:
    """Return the images whose alternative text is missing, short or another's, and those that were not drawn."""
    images = page.evaluate("[...document.images].map((i) => ({alt: i.getAttribute('alt'), width: i.naturalWidth}))")
    texts = [image["alt"] for image in images]
    return [
        f"{image['alt']!r}: {fault}"
        for image in images
        for fault, wrong in {
            "no alternative text": image["alt"] is None,
            "under 20 characters": len(image["alt"] or "") < 20,
            "not unique": texts.count(image["alt"]) > 1,
            "not drawn": image["width"] == 0,
        }.items()
        if wrong
    ]


def id_faults(page: Any) -> list[str]:
    """Return ids that occur twice and fragments that lead nowhere."""
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    named = page.evaluate(
        """[...document.querySelectorAll('a[href^="#"], [aria-labelledby]')].map(
          (element) => element.getAttribute('aria-labelledby') ?? decodeURIComponent(element.hash.slice(1)))"""
    )
    doubled = {f"#{name} occurs twice" for name in ids if ids.count(name) > 1}
    return sorted(doubled | {f"#{name} is nowhere" for name in named if name not in ids})


def sideways_faults(page: Any) -> list[str]:
    """Return what makes the page wider than its window."""
    return page.evaluate(
        """() => {
          const room = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= room) return [];
          const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > room
            || (e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX === 'visible'));
          return [`${document.documentElement.scrollWidth} px wide`, ...wide.map((e) => e.outerHTML.trim().slice(0, 80))];
        }"""
    )


def axe_faults(page: Any, axe_source: str, *, rules: Sequence[str] = ()) -> list[str]:
    """Return axe's violations of any impact, best practices included.

    Args:
        page: the page.
        axe_source: axe's script.
        rules: the rules to apply; without any all of them.
    """
    if not page.evaluate("'axe' in window"):  # half a megabyte
        page.evaluate(axe_source)
    options = {"resultTypes": ["violations"], **({"runOnly": {"type": "rule", "values": rules}} if rules else {})}
    found = page.evaluate("(options) => axe.run(options).then((result) => result.violations)", options)
    return [f"{rule['id']} ({rule['impact']}): {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def text_faults(page: Any, title: str) -> list[str]:
    """Return the signs of a text that became markup: a heading that lacks some of it, elements of others, code that ran."""
    seen = page.evaluate(
        """() => { const all = [...document.querySelectorAll('*')]; return {
          heading: document.querySelector('h1').textContent, title: document.title,
          scripts: document.scripts.length,
          images: [...document.images].filter((image) => !image.src.startsWith('data:')).length,
          handlers: all.filter((e) => e.getAttributeNames().some((name) => name.startsWith('on'))).length,
          ran: window.hostile ?? null,
        }; }"""
    )
    wanted = {"heading": title, "title": title, "scripts": 1, "images": 0, "handlers": 0, "ran": None}
    return [f"{name}: {seen[name]!r}" for name in wanted if seen[name] != wanted[name]]


def colours(element: Any) -> set[tuple[int, ...]]:
    """Return the colours of an element's screenshot."""
    pixels = np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB"))
    return {tuple(colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}


def smoothing_faults(image: Any) -> list[str]:
    """Return whether a grid's picture shows more colours than its palette has."""
    count = len(colours(image))
    return [f"{count} colours, at most {MOST_COLOURS} wanted"] if count > MOST_COLOURS else []


RING = """(element) => {
  const style = getComputedStyle(element);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
}"""


def ring_faults(page: Any, presses: int) -> list[str]:
    """Return the first stops of the Tab key at which no ring is seen."""
    faults = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        focused = page.evaluate_handle("document.activeElement")
        if not focused.evaluate(RING):
            faults.append(focused.evaluate("(element) => element.outerHTML.slice(0, 90)"))
    return faults


def inline_faults(document: str) -> list[str]:
    """Return the attributes of a page's source that its policy would block: styles and handlers."""
    tags = re.findall(r"<[a-zA-Z][^<>]*>", document.split("<script")[0])
    unquoted = [re.sub(r'"[^"]*"', '""', tag) for tag in tags]
    return [found[0].strip() for tag in unquoted for found in re.finditer(r"\s(?:style|on[a-z]+)=", tag)]


def budget_faults(page: Any) -> list[str]:
    """Return what of a page's style and script is over its bytes."""
    style = len(page.locator("style").text_content().encode())
    script = len(page.locator("script").text_content().encode())
    over = {"style": style - MOST_STYLE, "script": script - MOST_SCRIPT}
    return [f"{name}: {bytes_over} bytes too many" for name, bytes_over in over.items() if bytes_over > 0]


_ON_PAPER = """(all) => all.map((one) => {
  const copy = one.cloneNode(true);
  if (!one.closest('.what')) copy.querySelectorAll('.hidden').forEach((word) => word.remove());  // a sign is printed for it
  return copy.textContent;
})"""


def print_faults(page: Any, pdf_text: str) -> list[str]:
    """Return the headings, captions, findings and cells of tables that the PDF's text lacks.

    Args:
        page: that was printed.
        pdf_text: of the PDF, without blanks, see `compact`, and without what runs along the edges of its pages.
    """
    printed = pdf_text.replace("#", "")
    said = "caption, figcaption > *:first-child, h1, h2, h3, .finding :is(p, li), details table tbody td"
    lines = [
        line for text in page.locator(said).evaluate_all(_ON_PAPER) for line in text.split("\n")
    ]  # a page may end in a cell
    texts = [compact(line).replace("#", "") for line in lines]
    return [text for text in texts if text not in printed]


def pdf_text(pdf: Path, *options: str) -> str:
    """Return the text: without options in the order of drawing, in which captions beside one another stay whole."""
    command = ["pdftotext", *(options or ["-raw"]), pdf, "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8")


def compact(text: str) -> str:
    """Return a text without blanks, its ligatures taken apart."""
    return "".join(unicodedata.normalize("NFKC", text).split())
