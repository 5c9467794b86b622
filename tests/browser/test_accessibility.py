"""The page for everyone: axe in every appearance, and the keyboard."""

import pytest
from checks import COLOUR_RULES, PAGES, REPORTS, WINDOW, axe_faults, open_details

APPEARANCES = {
    "light": (WINDOW, {"color_scheme": "light", "forced_colors": "none"}),
    "dark": (WINDOW, {"color_scheme": "dark", "forced_colors": "none"}),
    "narrow": ({"width": 320, "height": 640}, {"color_scheme": "light", "forced_colors": "none"}),
    "forced colours": (WINDOW, {"color_scheme": "light", "forced_colors": "active"}),
}
"""The window and the media of each, in which a page that is open is looked at: to load it again takes as long as axe does."""

FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  return {
    stop: element.stop,
    added: element.matches('main a[download], .sort'),
    what: element.outerHTML.slice(0, 90),
    end: element === document.body,
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0,
  };
}"""

STOPS = """() => [...document.querySelectorAll('*')].filter((element) =>
  element.matches('a[href], summary, button, input:not([type=radio]), input:checked, [tabindex="0"]')
    && element.checkVisibility({visibilityProperty: true})).map((element, place) => (element.stop = place))"""


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_with_all_details_open(report_paths, open_page, axe_source, name):
    page = open_page(report_paths[name]).page
    open_details(page)
    found = []
    for appearance in APPEARANCES if name in REPORTS else ("light",):
        viewport, media = APPEARANCES[appearance]
        page.set_viewport_size(viewport)
        page.emulate_media(**media)
        rules = COLOUR_RULES if appearance in ("dark", "forced colours") else ()
        found += [(appearance, fault) for fault in axe_faults(page, axe_source, rules=rules)]
    assert found == []


def test_the_first_stop_is_the_skip_link_and_enter_moves_focus_to_the_report(report_paths, open_page):
    page = open_page(report_paths["demo"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.evaluate(FOCUSED)["seen"]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("name", ["demo", "skipped", "hostile"])
def test_every_stop_is_reached_by_tab_with_a_visible_ring(report_paths, open_page, name):
    page = open_page(report_paths[name]).page
    page.locator("#report-data[href^='blob:']").wait_for()  # the script is done
    open_details(page)
    stops = page.evaluate(STOPS)
    met = []
    # a figure that holds the focus offers its picture at one more stop, and a table its columns' names
    for _ in range(2 * len(stops)):
        page.keyboard.press("Tab")
        met.append(page.evaluate(FOCUSED))
        if met[-1]["end"]:
            break
    assert [stop["what"] for stop in met[:-1] if not (stop["ring"] and stop["seen"])] == []
    assert [stop["stop"] for stop in met[:-1] if not stop["added"]] == stops


def test_a_link_to_a_row_that_is_folded_away_opens_it(report_paths, open_page):
    page = open_page(report_paths["demo"]).page
    row = page.locator("#channel_activity-dense")
    assert not row.is_visible()
    page.locator(".finding .what a[href='#channel_activity-dense']").click()
    row.wait_for(state="visible")


def test_the_buttons_open_everything_and_turn_the_scheme(report_paths, open_page):
    page = open_page(report_paths["demo"], color_scheme="light").page
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(251, 250, 247)"
    page.locator("#theme").click()
    assert page.evaluate(ground) == "rgb(20, 23, 26)"
    page.locator("#unfold").click()
    assert page.locator("main details:not([open])").count() == 0
    page.locator("#unfold").click()
    assert page.locator("main details[open]").count() == 0


def test_the_contents_mark_the_section_that_is_read(report_paths, open_page):
    page = open_page(report_paths["demo"]).page
    page.locator("#filter_grids h2").evaluate("(heading) => heading.scrollIntoView()")
    page.locator(".contents a[aria-current]", has_text="Filters").wait_for()
    assert page.locator(".contents a[aria-current]").count() == 1


@pytest.mark.parametrize("name", ["demo", "deep", "skipped"])
def test_the_contents_mark_each_section_that_is_chosen_and_the_last_one_at_the_end(report_paths, open_page, name):
    page = open_page(report_paths[name], viewport={"width": 1280, "height": 500}).page  # less than the shortest page
    links = page.locator(".contents a").all()
    # that of all diagnostics has no entry of its own, and what was skipped has one together
    assert len(links) == page.locator("main section:not(#diagnostics)").count()
    marked = []
    for link in links:
        link.click()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        marked.append(page.locator(".contents a[aria-current]").all_text_contents())
    assert marked == [[link.text_content()] for link in links]
    page.mouse.move(640, 400)
    page.mouse.wheel(0, -1)  # whoever scrolls reads on: what was chosen no longer counts
    page.evaluate("scrollTo(0, 0)")
    page.locator(".contents a[aria-current]", has_text="Summary").wait_for()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.locator(".contents li:last-child a[aria-current]").wait_for()


def test_a_columns_name_sorts_its_table_and_once_more_turns_the_order(report_paths, open_page):
    page = open_page(report_paths["demo"]).page
    table = page.locator("#prediction_quality-classes")
    recalls = "(table) => [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[2].innerText))"
    before = table.evaluate(recalls)
    assert table.locator("button").count() == 0
    table.locator("xpath=..").focus()  # what scrolls a table is a stop of its own, and brings the buttons
    button = table.get_by_role("button", name="Recall", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    assert table.evaluate(recalls) == sorted(before, reverse=True)
    assert table.locator("th[aria-sort]").inner_text() == "Recall"
    page.keyboard.press("Enter")
    assert table.evaluate(recalls) == sorted(before)
