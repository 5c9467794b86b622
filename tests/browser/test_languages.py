"""A Korean page says so, and speaks Korean where a reader looks and listens."""

import re

import pytest

HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize(("name", "lang"), [("korean", "ko"), ("demo", "en")])
def test_the_page_names_its_language(look, name, lang):
    assert look(name).page.locator("html").get_attribute("lang") == lang


@pytest.mark.parametrize("name", ["korean"])
def test_headings_captions_and_labels_are_korean(look, name):
    page = look(name, unfolded=True).page
    for place in ("h2", "caption", "summary", "figcaption:not(.small *)", ".what", ".advice dt", ".advice dd"):
        texts = page.locator(f"main {place}").all_inner_texts()
        assert texts
        assert [text for text in texts if not HANGUL.search(text)] == [], place
    for name in ("alt", "aria-label"):
        texts = page.eval_on_selector_all(f"main [{name}]", f"all => all.map((one) => one.getAttribute('{name}'))")
        assert len(texts) > 20
        assert [text for text in texts if not HANGUL.search(text)] == []


@pytest.mark.parametrize("name", ["korean"])
def test_korean_words_are_not_broken_in_the_middle(look, name):
    assert look(name).page.eval_on_selector("main p", "one => getComputedStyle(one).wordBreak") == "keep-all"
