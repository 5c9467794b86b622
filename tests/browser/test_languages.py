"""A Korean page says so, and speaks Korean where a reader looks and listens."""

import re

from checks import open_details

HANGUL = re.compile("[가-힣]")


def test_the_page_names_its_language(report_paths, open_page):
    assert open_page(report_paths["korean"]).page.locator("html").get_attribute("lang") == "ko"
    assert open_page(report_paths["demo"]).page.locator("html").get_attribute("lang") == "en"


def test_headings_captions_and_labels_are_korean(report_paths, open_page):
    page = open_page(report_paths["korean"]).page
    open_details(page)
    for place in ("h2", "caption", "summary", "figcaption:not(.small *)", ".what", ".advice dt", ".advice dd"):
        texts = page.locator(f"main {place}").all_inner_texts()
        assert texts
        assert [text for text in texts if not HANGUL.search(text)] == [], place
    for name in ("alt", "aria-label"):
        texts = page.eval_on_selector_all(f"main [{name}]", f"all => all.map((one) => one.getAttribute('{name}'))")
        assert len(texts) > 20
        assert [text for text in texts if not HANGUL.search(text)] == []


def test_korean_words_are_not_broken_in_the_middle(report_paths, open_page):
    page = open_page(report_paths["korean"]).page
    assert page.eval_on_selector("main p", "one => getComputedStyle(one).wordBreak") == "keep-all"
