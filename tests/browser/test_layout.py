"""The page in its window: no sideways scroll, tables that scroll inside their wrappers, whole multiples of a pixel."""

import pytest
from checks import REPORTS, open_details, sideways_faults, smoothing_faults

WIDTHS = (320, 1280)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_no_report_scrolls_sideways(report_paths, open_page, name, width):
    page = open_page(report_paths[name], viewport={"width": width, "height": 700}).page
    open_details(page)
    page.locator(".bar input").evaluate_all("(boxes) => boxes.forEach((box) => { box.checked = true; })")
    assert sideways_faults(page) == []


@pytest.mark.parametrize("name", REPORTS)
def test_whatever_scrolls_can_be_focused_and_has_a_name(report_paths, open_page, name):
    page = open_page(report_paths[name], viewport={"width": 320, "height": 700}).page
    open_details(page)
    wide = page.locator(".scroll").evaluate_all(
        "(all) => all.filter((e) => e.scrollWidth > e.clientWidth && !(e.tabIndex === 0 && e.ariaLabel && e.role)).length"
    )
    assert wide == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_grids_are_shown_at_whole_multiples_and_fit_their_column(report_paths, open_page, width):
    page = open_page(report_paths["demo"], viewport={"width": width, "height": 700}).page
    shown = page.locator(".grid img").evaluate_all(
        "(images) => images.map((image) => [image.getBoundingClientRect().width, image.naturalWidth])"
    )
    room = width - 48
    assert len(shown) == 38
    # a picture with more pixels than there is room for is the one thing that may shrink
    assert [(wide, pixels) for wide, pixels in shown if wide > width or (wide % pixels and pixels <= room)] == []


def test_a_grid_is_not_smoothed(report_paths, open_page):
    page = open_page(report_paths["demo"]).page
    page.locator(".labels").evaluate_all("(labels) => labels.forEach((label) => label.remove())")
    assert smoothing_faults(page.locator("#feature_maps .grid img").first) == []


@pytest.mark.parametrize(("width", "is_open"), [(1280, True), (360, False)])
def test_the_contents_start_closed_where_there_is_little_room(report_paths, open_page, width, is_open):
    page = open_page(report_paths["demo"], viewport={"width": width, "height": 700}).page
    assert page.locator(".contents details").evaluate("(box) => box.open") is is_open


def test_the_first_screen_says_which_model_and_how_many_findings(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 1280, "height": 720}).page
    for seen in (page.locator("h1"), page.locator(".verdicts"), page.locator(".finding").first):
        box = seen.bounding_box()
        assert box["y"] + box["height"] <= 720
    assert [" ".join(text.split()) for text in page.locator(".verdict").all_inner_texts()] == [
        "✖ 0 problems",
        "▲ 1 warning",
        "● 1 note",
    ]


@pytest.mark.parametrize("name", REPORTS)
def test_every_finding_leads_to_its_evidence(report_paths, open_page, name):
    page = open_page(report_paths[name]).page
    links = page.locator(".finding .what a")
    targets = links.evaluate_all("(all) => all.map((link) => document.getElementById(link.hash.slice(1))?.localName)")
    assert links.count() == page.locator(".finding").count()
    assert set(targets) <= {"tr", "figure", "section", "div"}
