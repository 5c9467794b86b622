"""The page of a comparison."""

import re
from dataclasses import replace

from reportgen.rendering.digest import page_differences
from reportgen.rendering.html import render_comparison


def test_the_page_begins_with_the_verdict(worse):
    page = worse.to_html()
    assert page.index("Worse than the base.") < page.index('id="answers"')
    assert "Comparison of two models" in page


def test_names_are_text_and_no_markup(worse):
    page = worse.to_html()
    assert "a<b" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert "a&lt;b" in page


def test_two_renderings_are_the_same_bytes_and_carry_their_digest(worse):
    page = worse.to_html()
    assert page == worse.to_html()
    assert page_differences(page) == []
    assert page_differences(page.replace("Worse than the base.", "Better than the base.", 1)) != []


def test_every_link_leads_somewhere_and_every_picture_has_words(worse, better):
    for comparison in (worse, better):
        page = comparison.to_html()
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
        assert all(len(alt) >= 20 for alt in re.findall(r'<img[^>]* alt="([^"]*)"', page))


def test_the_page_is_korean_where_that_is_wanted(worse):
    options = {**worse.provenance.options, "lang": "ko"}
    new = replace(worse.new, provenance=replace(worse.provenance, options=options))
    page = render_comparison(replace(worse, new=new))
    assert '<html lang="ko"' in page
    assert "기준 모델보다 나쁘다." in page
    assert "Prediction quality" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert "Worse" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)


def test_the_page_runs_nothing_and_fetches_nothing(worse):
    page = worse.to_html()
    assert "default-src &#39;none&#39;" in page
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
