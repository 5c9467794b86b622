"""Ids of the page: made from names, each used once, and found again by whoever links to them."""

from __future__ import annotations

import re

_LONGEST = 60


class Anchors:
    """Gives out the ids of one page."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, ...], str] = {}
        self._used: set[str] = set()

    def make(self, *key: str) -> str:
        """Return a new id for a key such as ('filter_grids', 'conv2d'); asked again for the same key, the same id."""
        if key not in self._by_key:
            wanted = _slug("-".join(key))
            unique, count = wanted, 2
            while unique in self._used:
                unique, count = f"{wanted}-{count}", count + 1
            self._used.add(unique)
            self._by_key[key] = unique
        return self._by_key[key]

    def find(self, section: str, subject: str) -> str:
        """Return the id of the evidence for a subject: its own in that section where there is one, else the section's."""
        return self._by_key.get((section, subject), self.make(section))


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:_LONGEST]
    return slug if slug[:1].isalpha() else f"x-{slug}"
