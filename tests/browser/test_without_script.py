"""The page with script off: everything is there and works."""

import gzip
import json

import pytest
from checks import REPORTS, numbers_of


@pytest.fixture
def still(report_paths, open_page):
    """Return a function that opens a report with script off."""
    return lambda name, **options: open_page(report_paths[name], java_script_enabled=False, **options).page


@pytest.mark.parametrize("name", REPORTS)
def test_all_images_are_drawn(look, name):
    images = look(name, java_script_enabled=False).page.locator("img")
    widths = images.evaluate_all("(images) => images.map((image) => image.naturalWidth)")
    assert 0 not in widths


def test_trained_and_untrained_kernels_stand_side_by_side(still):
    page = still("demo", viewport={"width": 1440, "height": 900})
    for kind in ("trained", "untrained"):
        assert [figure.is_visible() for figure in page.locator(f"figure.{kind}").all()] == [True, True]
    left, right = (page.locator(f"figure.{kind}").first.bounding_box() for kind in ("trained", "untrained"))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]


def test_details_open_by_keyboard(still):
    page = still("demo")
    table = page.get_by_role("table", name="Filters of conv2d in the order of the tiles: index and L2 norm")
    assert not table.is_visible()
    page.locator("summary", has_text="Strength and redundancy, and the norm of each filter").focus()
    page.keyboard.press("Enter")
    table.wait_for(state="visible")


@pytest.mark.parametrize("name", REPORTS)
def test_the_numbers_are_downloaded_compressed(look, report_paths, name):
    page = look(name, java_script_enabled=False).page
    with page.expect_download() as started:
        page.locator("a[download]").click()
    assert started.value.suggested_filename == "report.json.gz"
    downloaded = gzip.decompress(started.value.path().read_bytes())
    assert json.loads(downloaded) == numbers_of(report_paths[name].read_text(encoding="utf-8"))


def test_the_contents_lead_to_their_sections(still):
    page = still("demo")
    page.locator(".contents a", has_text="Feature maps").click()
    assert 0 <= page.locator("#feature_maps h2").bounding_box()["y"] <= 200


def test_diagnostics_are_one_line_each_and_open_by_keyboard(still):
    page = still("demo")
    lines = page.locator(".diagnostic > summary")
    assert lines.count() == 11
    assert [line.bounding_box()["height"] < 60 for line in lines.all()] == [True] * 11
    table = page.get_by_role("table", name="Every call of every layer")
    assert not table.is_visible()
    page.locator("summary", has_text="Architecture").focus()
    page.keyboard.press("Enter")
    table.wait_for(state="visible")


def test_without_script_no_button_that_needs_one_is_seen(look):
    page = look("demo", java_script_enabled=False).page
    assert page.locator("button").count() == 2
    assert [button.is_visible() for button in page.locator("button").all()] == [False, False]
