"""Each guard is shown to bite: a fault is planted into a copy of a page, and the check must find it."""

import re

import pytest
from checks import (
    COLOUR_RULES,
    MOST_STYLE,
    axe_faults,
    budget_faults,
    compact,
    id_faults,
    image_faults,
    inline_faults,
    open_details,
    pdf_text,
    print_faults,
    ring_faults,
    sideways_faults,
    smoothing_faults,
    text_faults,
)

from reportgen.rendering.html import render_html


@pytest.fixture
def planted(report_paths, open_page, tmp_path):
    """Return a function that replaces one text of a report by another and opens the copy."""

    def of(name, text, fault, **options):
        document = report_paths[name].read_text(encoding="utf-8")
        assert text in document
        copy = tmp_path / "planted.html"
        copy.write_text(document.replace(text, fault, 1), encoding="utf-8", newline="\n")
        return open_page(copy, **options)

    return of


def test_a_remote_image_is_noticed(planted):
    visit = planted(
        "skipped", "</main>", '<img src="https://elsewhere.test/x.png" alt="An image from elsewhere"></main>'
    )
    assert visit.complaints
    assert image_faults(visit.page) == ["'An image from elsewhere': not drawn"]


def test_a_remote_image_that_the_policy_lets_through_is_noticed(planted):
    visit = planted("skipped", "</main>", '<img src="https://elsewhere.test/x.png" alt=""></main>', bypass_csp=True)
    assert visit.outside() == ["https://elsewhere.test/x.png"]


def test_a_missing_alternative_text_is_noticed(planted, report_paths, axe_source, html_validate, tmp_path):
    alternative = re.search(r' alt="[^"]*"', report_paths["demo"].read_text(encoding="utf-8"))[0]
    page = planted("demo", alternative, "").page
    assert image_faults(page) == ["None: no alternative text", "None: under 20 characters"]
    assert any(fault.startswith("image-alt (critical)") for fault in axe_faults(page, axe_source))
    assert any("alt" in fault for fault in html_validate(tmp_path / "planted.html")["planted"])


def test_an_alternative_text_used_twice_is_noticed(planted, report_paths):
    first, second = re.findall(r' alt="[^"]*"', report_paths["demo"].read_text(encoding="utf-8"))[:2]
    assert len(image_faults(planted("demo", second, first).page)) == 2


def test_a_duplicated_id_is_noticed(planted, html_validate, tmp_path):
    page = planted("skipped", 'id="provenance-heading"', 'id="summary-heading"').page
    assert id_faults(page) == ["#provenance-heading is nowhere", "#summary-heading occurs twice"]
    assert any("no-dup-id" in fault for fault in html_validate(tmp_path / "planted.html")["planted"])


def test_a_smoothed_grid_is_noticed(planted):
    page = planted("demo", "image%7Bimage-rendering:pixelated", "image%7Bimage-rendering:auto").page
    assert len(smoothing_faults(page.locator("#filter_responses img.tiles").first)) == 1


def test_an_unescaped_title_is_noticed(planted):
    from hand_built import HOSTILE

    escaped = "<h1>&lt;/script&gt;&lt;script&gt;window.hostile = 1&lt;/script&gt;</h1>"
    visit = planted("hostile", escaped, f"<h1>{HOSTILE[0]}</h1>", bypass_csp=True)
    assert text_faults(visit.page, HOSTILE[0]) == ["heading: 'window.hostile = 1'", "scripts: 2", "ran: 1"]


def test_a_sideways_scroll_is_noticed(planted):
    page = planted(
        "skipped", "</main>", f"<pre>{'wide ' * 100}</pre></main>", viewport={"width": 320, "height": 700}
    ).page
    assert sideways_faults(page)[0].endswith("px wide")
    assert any(fault.startswith("<pre>wide") for fault in sideways_faults(page))


def test_pale_text_is_noticed(planted, axe_source):
    page = planted("skipped", "light-dark(#50575e", "light-dark(#c8ccd0", bypass_csp=True).page
    open_details(page)
    assert any(
        fault.startswith("color-contrast (serious)") for fault in axe_faults(page, axe_source, rules=COLOUR_RULES)
    )


@pytest.mark.parametrize(
    ("rule", "fault", "lost"),
    [
        (
            "}details::details-content{content-visibility:visible;",
            "}details::details-content{",
            "Precision,recallandF1with95%intervals",
        ),
        ("caption{position:static;max-width:none}", "caption{display:none}", "Thesamesamplesaftereachchange"),
    ],
)
def test_what_is_lost_in_print_is_noticed(reports, open_page, tmp_path, rule, fault, lost):
    document = render_html(reports["demo"], full=True)
    assert rule in document
    copy = tmp_path / "planted.html"
    copy.write_text(document.replace(rule, fault, 1), encoding="utf-8")
    page = open_page(copy, bypass_csp=True, java_script_enabled=False).page
    page.pdf(path=tmp_path / "planted.pdf", format="A4")
    faults = print_faults(page, compact(pdf_text(tmp_path / "planted.pdf")))
    assert any(fault.startswith(lost) for fault in faults)


def test_a_missing_focus_ring_is_noticed(planted):
    rule = ":focus-visible{outline:3px solid"
    assert ring_faults(planted("skipped", rule, rule, bypass_csp=True).page, 6) == []
    assert len(ring_faults(planted("skipped", rule, ":focus-visible{outline:0 solid", bypass_csp=True).page, 6)) == 6


def test_an_inline_style_and_a_handler_are_noticed(report_paths):
    document = report_paths["skipped"].read_text(encoding="utf-8")
    assert inline_faults(document.replace('<p class="kicker">', '<p class="kicker" style="x">', 1)) == ["style="]
    assert inline_faults(document.replace('<p class="kicker">', '<p class="kicker" onclick="x">', 1)) == ["onclick="]


def test_a_style_and_a_script_over_their_budgets_are_noticed(planted):
    faults = budget_faults(planted("skipped", "</style>", f"/*{'x' * MOST_STYLE}*/</style>").page)
    assert len(faults) == 1
    assert faults[0].startswith("style: ")
