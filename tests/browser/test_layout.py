"""The page in its window: no sideways scroll, tables that scroll inside their wrappers, whole multiples of a pixel."""

import re
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from checks import DEMO_SCREENS, EVERY, HEIGHTS, PAGES, REPORTS, numbers_of, sideways_faults, smoothing_faults
from hand_built import many_findings_report

from reportgen.rendering.html import render_html


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_report_scrolls_sideways(look, name, width):
    page = look(name, unfolded=True, width=width).page
    assert sideways_faults(page) == []


@pytest.mark.parametrize("name", REPORTS)
def test_whatever_scrolls_can_be_focused_and_has_a_name(look, name):
    page = look(name, unfolded=True, width=320).page
    wide = page.locator(".scroll").evaluate_all(
        "(all) => all.filter((e) => e.scrollWidth > e.clientWidth && !(e.tabIndex === 0 && e.ariaLabel && e.role)).length"
    )
    assert wide == 0


COLUMNS = {6: 489, 8: 660, 12: 1000}
"""Where columns of the page end, in CSS pixels from the left edge of its text."""


@pytest.mark.parametrize("name", ["demo", "residual", "masks"])
def test_wide_figures_end_on_a_column_and_fill_it(look, name):
    page = look(name, width=1440).page
    left = page.locator("main").bounding_box()["x"]
    sides = page.locator("img.tiles:visible").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect()).map((box) => [box.width, box.right])"
    )
    wide = [right - left for width, right in sides if width > 489]
    assert len(wide) >= 4
    assert [end for end in wide if min(abs(end - column) for column in COLUMNS.values()) > 1.5] == []


def test_a_grid_is_not_smoothed(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 1440, "height": 900}).page
    picture = page.locator("#filter_responses img.tiles").first
    drawing = unquote(picture.get_attribute("src"))
    bare = drawing.replace(
        "</style>", "text,#l{display:none}</style>", 1
    )  # letters and scale have colours of their own
    picture.evaluate(
        "(image, source) => { image.src = source; image.style.borderRadius = 0; }",
        quote(bare, safe="!$()*+,-./:;=?@_~'"),
    )
    page.wait_for_timeout(100)
    assert smoothing_faults(picture) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_after_the_page_was_drawn(report_paths, open_page, width):
    page = open_page(report_paths["demo"], viewport={"width": width, "height": 800}).page
    page.evaluate("window.scrollTo(0, 2000)")
    page.wait_for_timeout(200)
    shifts = page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) => done(
             list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0)))
             .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done(0), 300))"""
    )
    assert shifts < 0.05


def test_the_first_screen_says_which_model_the_verdict_and_shows_samples_and_findings(look):
    page = look("demo").page
    for seen in (page.locator("h1"), page.locator(".verdict"), page.locator(".strip"), page.locator(".finding").first):
        box = seen.bounding_box()
        assert box["y"] + box["height"] <= 720
    verdict = " ".join(page.locator(".verdict").inner_text().split())
    assert verdict == "✔No problem found. Accuracy 92.0% (87.4%–95.0%) on 200 samples; baseline 10.0%."
    checks = " ".join(page.locator(".checks").inner_text().split())
    assert re.fullmatch(r"\d\d of \d\d rules checked: ✖ 0 problems ▲ 0 warnings ● 2 notes 2 sections skipped", checks)
    assert page.locator(".strip a").count() == 10
    assert page.locator(".strip a").first.get_attribute("class") == "wrong"


@pytest.mark.parametrize("name", ["skipped"])
def test_where_nothing_was_checked_the_page_does_not_say_that_there_are_no_problems(look, name):
    page = look(name).page
    assert " ".join(page.locator(".verdict").inner_text().split()) == "?Nothing was checked."
    assert "problem" not in page.locator("#summary").inner_text()
    assert "No rule found" not in page.locator("#summary").inner_text()
    skipped = page.locator("#skipped li")
    assert skipped.count() == 1  # nine sections, one reason
    assert skipped.locator("strong").count() == 9


def test_the_first_screen_of_a_deep_network_shows_findings_of_each_severity(open_page):
    page = open_page(render_html(many_findings_report()), viewport={"width": 1280, "height": 900}).page
    for severity in ("problem", "warning", "note"):
        assert page.locator(f".finding.{severity}").first.bounding_box()["y"] < 900, severity


def test_alike_findings_share_a_card_and_each_is_said_with_its_link(open_page):
    report = many_findings_report()
    page = open_page(render_html(report)).page
    titles = [" ".join(text.split()) for text in page.locator(".finding .what").all_text_contents()]
    assert titles == [
        "✖ Problem: untrained-layer: the whole model",
        "✖ Problem: never-updated: the whole model",
        "▲ Warning: silent 12 warnings",
        "● Note: dormant 37 notes",
    ]
    assert page.locator(".finding summary", has_text="more").all_text_contents() == ["10 more", "35 more"]
    assert page.locator(".finding a").count() == 51
    said = page.locator(".finding").all_text_contents()
    assert [one.message for one in report.findings if sum(f"{one.message}." in card for card in said) != 1] == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_finding_leads_to_its_evidence(report_paths, look, name):
    page = look(name).page
    links = page.locator(".finding a")
    targets = links.evaluate_all("(all) => all.map((link) => document.getElementById(link.hash.slice(1))?.localName)")
    numbers = numbers_of(report_paths[name].read_text(encoding="utf-8"))
    assert links.count() == len(numbers["findings"])
    assert set(targets) <= {"tr", "figure", "section", "div", "strong"}


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("name", ["demo", "deep", "residual"])
def test_a_findings_link_lands_under_its_heading_with_all_around_it_open(report_paths, open_page, name, script):
    page = open_page(report_paths[name], java_script_enabled=script, viewport={"width": 1440, "height": 900}).page
    links = page.locator(".finding .what a")
    assert links.count()
    for link in links.all():
        link.click()
        page.wait_for_timeout(50)
        target = page.locator(f"[id='{link.get_attribute('href')[1:]}']")
        assert 60 <= target.bounding_box()["y"] <= 200 or _at_the_end(page), link.inner_text()
        heading = target.locator("xpath=ancestor-or-self::section[1]").get_attribute("aria-labelledby")
        box = page.locator(f"#{heading}").bounding_box()
        assert 0 <= box["y"] <= target.bounding_box()["y"] + 60
        page.evaluate("scrollTo(0, 0)") if script else page.keyboard.press("Home")


def _at_the_end(page):
    """Return whether the page cannot be scrolled further."""
    return page.locator("footer").bounding_box()["y"] < 900


def test_the_demos_finding_names_every_dead_unit_in_its_row(report_paths, open_page):
    page = open_page(report_paths["demo"]).page
    page.locator(".finding .what a", has_text="dense").click()
    row = page.locator("#channel_activity-dense")
    named = row.locator("small").inner_text().removeprefix("silent: ")
    units = [range(int(part.split("–")[0]), int(part.split("–")[-1]) + 1) for part in named.split(", ")]
    assert sum(map(len, units)) == 44


SMALL = """(least) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set();
  for (let node; (node = walker.nextNode()); ) {
    const box = node.parentElement;
    if (node.data.trim() && !box.closest('svg') && parseFloat(getComputedStyle(box).fontSize) < least) {
      found.add(box.outerHTML.slice(0, 80));
    }
  }
  return [...found];
}"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", EVERY)
def test_no_text_is_smaller_than_11_pixels(look, name, width):
    page = look(name, unfolded=True, width=width).page
    assert page.evaluate(SMALL, 11) == []


PERMALINKS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const light = (colour) => {
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((byte) => byte / 255)
      .map((c) => (c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('.permalink')].map((link) => {
    const style = getComputedStyle(link), own = light(style.color), [low, high] = [own, ground].sort((a, b) => a - b);
    return style.opacity === '1' ? (high + .05) / (low + .05) : 0;
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_permalinks_stand_out_from_the_page(look, scheme):
    contrasts = look("demo", color_scheme=scheme).page.evaluate(PERMALINKS)
    assert len(contrasts) > 10
    assert min(contrasts) >= 4.5


def test_all_bars_of_the_sample_cards_have_one_track(look):
    page = look("demo", width=1440).page
    widths = page.locator(".card .share").evaluate_all("(all) => all.map((bar) => bar.getBoundingClientRect().width)")
    assert len(widths) == 30
    assert max(widths) - min(widths) < 0.5


def test_classes_with_the_same_score_are_said_to_be_tied_and_not_ranked(open_page, reports):
    report = reports["demo"]
    samples = next(section for section in report.sections if section.name == "sample_predictions")
    tied = replace(samples.result, shown=tuple(replace(one, tied=1000) for one in samples.result.shown))
    page = open_page(render_html(replace(report, sections=(replace(samples, result=tied),)))).page
    assert "1,000 classes tied at 99.4%." in page.locator(".card").first.inner_text()
    assert page.locator(".card table").count() == 0


@pytest.mark.parametrize(("width", "most"), zip((1440, 390), DEMO_SCREENS, strict=True))
def test_the_demos_page_is_short_and_begins_with_pictures(look, width, most):
    page = look("demo", width=width).page
    assert page.locator("main img").first.bounding_box()["y"] < 900
    assert page.evaluate("document.documentElement.scrollHeight") / HEIGHTS[width] <= most


@pytest.mark.parametrize("width", [320, 390])
def test_tables_of_the_summary_and_its_samples_show_that_they_scroll(look, width):
    page = look("demo", width=width).page
    assert page.locator("#summary").bounding_box()["height"] <= 1.5 * 844
    # what goes on beyond the edge is seen to: a part of the next sample is in sight
    cut = page.locator(".strip a").evaluate_all(
        """(all) => all.map((a) => a.getBoundingClientRect())
             .filter((box) => box.left < innerWidth && box.right > innerWidth).length"""
    )
    assert cut == 1


@pytest.mark.parametrize(
    ("place", "property_", "value"),
    [
        (".lead", "fontWeight", "600"),
        (".finding .what", "fontWeight", "600"),
        (".facts dd", "fontWeight", "600"),
        (".glossary dt", "fontWeight", "600"),
        (".numbers td:not(.text, .lined td)", "whiteSpace", "nowrap"),
        (".card td", "whiteSpace", "nowrap"),
        (".yes", "borderTopWidth", "0px"),
    ],
)
def test_what_leads_is_bold_and_numbers_keep_to_one_line(look, place, property_, value):
    styles = look("demo").page.eval_on_selector_all(
        place, f"(all) => all.map((one) => getComputedStyle(one).{property_})"
    )
    assert set(styles) == {value}
