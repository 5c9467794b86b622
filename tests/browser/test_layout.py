"""The page in its window: no sideways scroll, tables that scroll inside their wrappers, whole multiples of a pixel."""

import json

import pytest
from checks import PAGES, REPORTS, open_details, sideways_faults, smoothing_faults
from hand_built import many_findings_report

from reportgen.rendering.html import render_html

WIDTHS = (320, 1280)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
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
        """(images) => images.map((image) => [image.getBoundingClientRect().width, image.naturalWidth,
             image.closest('.plate').getBoundingClientRect().width])"""
    )
    room = width - 48
    assert len(shown) == 38
    # a picture with more pixels than there is room for is the one thing that may shrink; on a phone a grid scrolls in its plate
    assert [row for row in shown if row[2] > width or (row[0] % row[1] and row[1] <= room)] == []


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
        "▲ 0 warnings",
        "● 1 note",
    ]


def test_where_nothing_was_checked_the_page_does_not_say_that_there_are_no_problems(report_paths, open_page):
    page = open_page(report_paths["skipped"]).page
    verdicts = [" ".join(text.split()) for text in page.locator(".verdict").all_inner_texts()]
    assert verdicts == ["? Nothing was checked 9 of 9 sections skipped"]
    assert "problem" not in page.locator("#summary").inner_text()
    assert "No rule found" not in page.locator("#summary").inner_text()


def test_the_first_screen_of_a_deep_network_shows_findings_of_each_severity(open_page):
    page = open_page(render_html(many_findings_report()), viewport={"width": 1280, "height": 900}).page
    for severity in ("problem", "warning", "note"):
        assert page.locator(f".finding.{severity}").first.bounding_box()["y"] < 900, severity


def test_alike_findings_share_a_card_and_each_is_said_with_its_link(open_page):
    report = many_findings_report()
    page = open_page(render_html(report)).page
    titles = [" ".join(text.split()) for text in page.locator(".finding .what").all_text_contents()]
    assert titles == [
        "✖ Problem: the whole model untrained-layer",
        "✖ Problem: the whole model never-updated",
        "▲ 12 warnings silent",
        "● 37 notes dormant",
    ]
    assert page.locator(".finding summary").all_text_contents() == ["10 more", "35 more"]
    assert page.locator(".finding a").count() == 51
    said = page.locator(".finding").all_text_contents()
    assert [one.message for one in report.findings if sum(f"{one.message}." in card for card in said) != 1] == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_finding_leads_to_its_evidence(report_paths, open_page, name):
    page = open_page(report_paths[name]).page
    links = page.locator(".finding a")
    targets = links.evaluate_all("(all) => all.map((link) => document.getElementById(link.hash.slice(1))?.localName)")
    numbers = json.loads(page.locator("#report-data").text_content())
    assert links.count() == len(numbers["findings"])
    assert set(targets) <= {"tr", "figure", "section", "div"}
