"""The words of the page's texts: the field's terms, results instead of hints, and Korean in the book's terms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages import pofile

from reportgen import messages

CATALOGUE = Path(messages.__file__).parent / "rendering" / "languages" / "ko.po"

ODD = (
    "can be told from",
    "cannot be told from",
    "answers to",
    "is said to",
    "of the first day",
    "Look for",
    "look for what",
    "pays for",
    "drawn anew",
    "stands further",
    "next to nothing",
)
"""Phrases that no reviewer would write; the field says differs from, responds to, budget, reinitialised, almost none."""

ODD_KOREAN = ("특징 맵", "레이어", "그레이디언트", "이(가)", "을(를)", "은(는)", "와(과)", "(으)로", "(이)라", "으의")
"""Other words than the book's, and particles that were left to the reader."""


@pytest.fixture(scope="module")
def texts() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    with CATALOGUE.open("rb") as file:
        catalogue = pofile.read_po(file, locale="ko")
    as_tuple = lambda value: value if isinstance(value, tuple) else (value,)  # noqa: E731
    return [(as_tuple(one.id), as_tuple(one.string)) for one in catalogue if one.id]


def test_no_text_has_an_odd_phrase(texts):
    assert [text for ids, _ in texts for text in ids if any(odd in text for odd in ODD)] == []


def test_korean_has_the_books_terms_and_every_particle(texts):
    assert [text for _, said in texts for text in said if any(odd in text for odd in ODD_KOREAN)] == []


def test_no_finding_or_caption_has_a_sentence_over_thirty_words(texts):
    # What cites its source is a method note, which is folded.
    plain = [text for ids, _ in texts for text in ids if not re.search(r"arXiv|\b(?:18|19|20)\d\d\b|docs/", text)]
    sentences = [sentence for text in plain for sentence in re.split(r"(?<=[.?!]) |; ", text)]
    assert [sentence for sentence in sentences if len(sentence.split()) > 30] == []
