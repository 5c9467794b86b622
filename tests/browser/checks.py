"""What is checked on a page: each check returns the faults that it found, so that a test can also see it fail."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

REPORTS = ("demo", "deep", "skipped", "hostile")
"""Names of the pages in the fixture `report_paths`."""

ADDRESS = "https://report.test/"
"""Where a page stands when it is served with headers; nothing is there, the browser is answered by this module."""

MOST_COLOURS = 257
"""Of an enlarged grid: a palette of 256 and the gap between the tiles. A smoothed one has thousands."""


@dataclass
class Visit:
    """A page in the browser, the addresses it asked for and what the browser complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, document: Path | str, headers: dict[str, str]) -> None:
        """Go to a file, or to a document served under `ADDRESS` with these headers; all else is refused and noted."""
        page = self.page
        page.on("request", lambda request: self.requests.append(request.url))
        page.on(
            "console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text)
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if isinstance(document, Path) and not headers:
            page.goto(document.as_uri())
            return
        body = document.read_text(encoding="utf-8") if isinstance(document, Path) else document
        answer = {"Content-Type": "text/html; charset=utf-8"} | headers
        page.route("**/*", lambda route: route.abort())
        page.route(ADDRESS, lambda route: route.fulfill(body=body, headers=answer))
        page.goto(ADDRESS)

    def outside(self) -> list[str]:
        """Return the addresses asked for beyond the page itself; data: addresses are part of it."""
        return [address for address in self.requests[1:] if not address.startswith("data:")]


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


def axe_faults(page: Any, axe_source: str) -> list[str]:
    """Return axe's violations of any impact, best practices included."""
    page.evaluate(axe_source)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((result) => result.violations)")
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
    wanted = {"heading": title, "title": title, "scripts": 2, "images": 0, "handlers": 0, "ran": None}
    return [f"{name}: {seen[name]!r}" for name in wanted if seen[name] != wanted[name]]


def colours(element: Any) -> set[tuple[int, ...]]:
    """Return the colours of an element's screenshot."""
    pixels = np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB"))
    return {tuple(colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}


def smoothing_faults(image: Any) -> list[str]:
    """Return whether a grid's picture shows more colours than its palette has."""
    count = len(colours(image))
    return [f"{count} colours, at most {MOST_COLOURS} wanted"] if count > MOST_COLOURS else []
