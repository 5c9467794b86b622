"""What the page may do: nothing beyond itself; and what stays of it where a viewer allows less."""

import re
from html import escape

import pytest
from checks import REPORTS, colours, open_details, wait_until
from hand_built import skipped_report

from reportgen.rendering.html import render_frame, render_html

JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'"
"""Source: https://www.jenkins.io/doc/book/security/configuring-content-security-policy/"""

WIDEST_IN_MAIL = 1001
"""CSS pixels: a grid of panels; readers of mail shrink what is wider than their pane, and these are enlarged enough for that."""

WIDEST_SAMPLE = 128
"""CSS pixels of a sample's picture, which has no need of the space."""

SPARK_BLUE = (0x2F, 0x7F, 0xA6)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_one_request_and_nothing_is_complained_about(look, name, scheme):
    visit = look(name, color_scheme=scheme)
    assert (len(visit.requests), visit.outside(), visit.complaints) == (1, [], [])


def test_the_policy_blocks_an_image_from_another_host(report_paths, open_page):
    visit = open_page(_with(report_paths["skipped"], '<img src="https://elsewhere.test/x.png" alt="">'))
    assert visit.page.evaluate("[...document.images].map((image) => image.naturalWidth)") == [0]
    assert any("img-src data:" in complaint for complaint in visit.complaints)


def test_the_policy_blocks_an_inline_script(report_paths, open_page):
    visit = open_page(_with(report_paths["skipped"], "<script>window.planted = 1</script>"))
    assert visit.page.evaluate("window.planted ?? null") is None
    assert any("script-src" in complaint for complaint in visit.complaints)


def test_the_policy_blocks_an_event_handler(report_paths, open_page):
    visit = open_page(_with(report_paths["skipped"], '<img src="data:," alt="" onerror="window.planted = 1">'))
    assert visit.page.evaluate("window.planted ?? null") is None
    assert any("script-src" in complaint for complaint in visit.complaints)


def test_the_policy_blocks_a_style_attribute(report_paths, open_page):
    visit = open_page(_with(report_paths["skipped"], '<p id="planted" style="color: rgb(1, 2, 3)">planted</p>'))
    assert visit.page.evaluate("getComputedStyle(document.getElementById('planted')).color") != "rgb(1, 2, 3)"
    assert any("style-src" in complaint for complaint in visit.complaints)


@pytest.mark.parametrize("policy", [JENKINS, "sandbox", "script-src 'none'"])
def test_text_and_vector_figures_stay_under_a_stricter_policy(report_paths, open_page, policy):
    page = open_page(report_paths["demo"], headers={"Content-Security-Policy": policy}).page
    assert_is_readable(page)


def test_text_and_vector_figures_stay_in_a_sandboxed_frame(report_paths, open_page):
    outer = open_page(
        '<!DOCTYPE html><html lang="en"><title>Mail</title><iframe sandbox width="1200" height="800"></iframe>'
    )
    document = report_paths["demo"].read_text(encoding="utf-8")
    outer.page.evaluate("(text) => { document.querySelector('iframe').srcdoc = text; }", document)
    frame = outer.page.frame_locator("iframe")
    frame.locator("footer").wait_for()
    assert_is_readable(frame)


def test_images_stay_where_only_scripts_are_forbidden(report_paths, open_page):
    page = open_page(report_paths["demo"], headers={"Content-Security-Policy": "script-src 'none'"}).page
    widths = page.locator("img").evaluate_all("(images) => images.map((image) => image.naturalWidth)")
    assert len(widths) > 30
    assert 0 not in widths


@pytest.mark.parametrize("permissions", [None, "", "allow-scripts"])
def test_a_link_inside_a_frame_stays_inside_the_frame(open_page, permissions):
    frame_html = render_frame(skipped_report())
    if permissions is not None:
        frame_html = frame_html.replace(
            'sandbox="allow-same-origin allow-popups allow-downloads"', f'sandbox="{permissions}"'
        )
        assert f'sandbox="{permissions}"' in frame_html
    frame = _frame_after_a_click(open_page, frame_html)
    wait_until(frame.owner.page, lambda: 0 <= frame.locator("#provenance").bounding_box()["y"] < 900)
    assert frame.locator("h1").inner_text() == "A model that was not run"


def test_a_link_stays_inside_a_foreign_frame_that_runs_scripts(open_page):
    document = escape(render_html(skipped_report()))
    frame_html = f'<iframe sandbox="allow-scripts" width="1200" height="800" srcdoc="{document}"></iframe>'
    frame = _frame_after_a_click(open_page, frame_html)
    wait_until(frame.owner.page, lambda: 0 <= frame.locator("#provenance").bounding_box()["y"] < 900)
    assert frame.locator("h1").inner_text() == "A model that was not run"


def test_a_link_that_leads_out_of_the_frame_is_noticed(open_page):
    frame_html = render_frame(skipped_report()).replace("about:srcdoc#", "#")
    _frame_after_a_click(open_page, frame_html).locator("h1").wait_for(state="detached")


def _frame_after_a_click(open_page, frame_html):
    """Return the frame of a notebook after a click on the last entry of the contents inside it."""
    outer = open_page(f'<!DOCTYPE html><html lang="en"><title>Notebook</title>{frame_html}').page
    frame = outer.frame_locator("iframe")
    frame.locator(".contents a", has_text="Provenance").click()
    return frame


def test_a_mail_without_style_images_forms_and_drawings_still_says_what_was_found(report_paths, open_page):
    page = open_page(report_paths["demo"], java_script_enabled=True, bypass_csp=True).page
    page.evaluate("document.querySelectorAll('style, form, fieldset, input, svg, script').forEach((e) => e.remove())")
    widths = page.locator("img").evaluate_all("(all) => all.map((image) => image.getBoundingClientRect().width)")
    samples = page.locator("#sample_predictions img").evaluate_all("(all) => all.map((image) => image.width)")
    assert (max(widths) <= WIDEST_IN_MAIL, max(samples) <= WIDEST_SAMPLE) == (True, True)
    page.evaluate("document.images.length && [...document.images].forEach((image) => image.removeAttribute('src'))")
    assert page.locator("h1").inner_text() == "Fashion-MNIST demo network"
    summary = page.locator("#summary").inner_text()
    assert "Note: Dead units: dense" in summary
    assert "44 of 100 units are dead: zero on all 200 samples" in summary
    assert "92.0%" in summary
    open_details(page)
    sections = page.locator("main section")
    shown = [section.inner_text() for section in sections.all()]
    assert len(shown) == 23  # twelve, and eleven diagnostics within one of them
    assert [text[:40] for text in shown if not re.search(r"\d", text) and not text.startswith("Skipped")] == []


def assert_is_readable(page):
    """Check the findings, a table's number and the vector figures of the demo's page."""
    assert page.locator("h1").inner_text() == "Fashion-MNIST demo network"
    assert "44 of 100 units are dead" in page.locator("#summary").inner_text()
    page.locator(".diagnostic:has(#architecture) > summary").click()  # as a reader without script would
    assert "4,153,064 multiply-adds" in page.locator("#architecture").inner_text()
    sparks = page.locator("svg.spark")
    # of the finding 1, the classes 10, the diagnostics 10, and in them 3 strips and 4 kernels
    assert sparks.count() == 28
    assert SPARK_BLUE in colours(sparks.first)


def _with(path, planted):
    document = path.read_text(encoding="utf-8")
    assert document.count("</main>") == 1
    return document.replace("</main>", f"{planted}</main>")
