"""What the page may do: nothing beyond itself; and what stays of it where a viewer allows less."""

import pytest
from checks import REPORTS, colours

JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'"
"""Source: https://www.jenkins.io/doc/book/security/configuring-content-security-policy/"""

SPARK_BLUE = (0x3D, 0x8F, 0xB5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_one_request_and_nothing_is_complained_about(report_paths, open_page, name, scheme):
    visit = open_page(report_paths[name], color_scheme=scheme)
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


def assert_is_readable(page):
    """Check the findings, a table's number and the vector figures of the demo's page."""
    assert page.locator("h1").inner_text() == "fashion_mnist_cnn"
    assert "channels never fired" in page.locator("#summary").inner_text()
    assert "4,153,064 multiply-adds" in page.locator("#architecture").inner_text()
    sparks = page.locator("svg.spark")
    assert sparks.count() == 7  # four distributions of weights and three strips of channels
    assert SPARK_BLUE in colours(sparks.first)


def _with(path, planted):
    document = path.read_text(encoding="utf-8")
    assert document.count("</main>") == 1
    return document.replace("</main>", f"{planted}</main>")
