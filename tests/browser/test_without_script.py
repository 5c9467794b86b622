"""The page with script off: everything is there and works."""

import json

import pytest
from checks import REPORTS, smoothing_faults, wait_until


@pytest.fixture
def still(report_paths, open_page):
    """Return a function that opens a report with script off."""
    return lambda name, **options: open_page(report_paths[name], java_script_enabled=False, **options).page


@pytest.mark.parametrize("name", REPORTS)
def test_all_images_are_drawn(still, name):
    widths = still(name).locator("img").evaluate_all("(images) => images.map((image) => image.naturalWidth)")
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
    page.locator("summary", has_text="Numbers of the 32 tiles of conv2d").focus()
    page.keyboard.press("Enter")
    table.wait_for(state="visible")


@pytest.mark.parametrize("name", REPORTS)
def test_the_download_is_the_data_block(still, name):
    page = still(name)
    with page.expect_download() as started:
        page.locator("a[download]").click()
    downloaded = started.value.path().read_text(encoding="utf-8")
    assert started.value.suggested_filename == "report.json"
    assert json.loads(downloaded) == json.loads(page.locator("#report-data").text_content())


def test_the_contents_lead_to_their_sections(still):
    page = still("demo")
    page.locator(".contents a", has_text="Feature maps").click()
    assert 0 <= page.locator("#feature_maps h2").bounding_box()["y"] <= 200


def test_diagnostics_are_one_line_each_and_open_by_keyboard(still):
    page = still("demo")
    lines = page.locator(".diagnostic > summary")
    assert lines.count() == 5
    assert [line.bounding_box()["height"] < 60 for line in lines.all()] == [True] * 5
    table = page.get_by_role("table", name="Every call of every layer")
    assert not table.is_visible()
    page.locator("summary", has_text="Architecture").focus()
    page.keyboard.press("Enter")
    table.wait_for(state="visible")


def test_without_script_no_button_that_needs_one_is_seen(still):
    page = still("demo")
    assert page.locator("button").count() == 2
    assert [button.is_visible() for button in page.locator("button").all()] == [False, False]


def test_a_grid_is_enlarged_by_its_box_alone(still):
    page = still("demo")
    picture, box = _grid(page)
    before = picture.bounding_box()["width"]
    box.check()
    after = picture.bounding_box()["width"]
    assert (before, after) == (451, 943)  # 41 image pixels, 11 times and 23 times


def test_an_enlarged_grid_keeps_its_pixels(still):
    page = still("demo", viewport={"width": 1280, "height": 2000})  # no heading that sticks covers the picture
    picture, box = _grid(page)
    box.check()
    page.locator(".labels").evaluate_all("(labels) => labels.forEach((label) => label.remove())")
    assert smoothing_faults(picture) == []


def test_an_enlarged_grid_scrolls_by_keyboard_inside_its_plate(still):
    page = still("demo", viewport={"width": 360, "height": 700})
    picture, box = _grid(page)
    box.focus()
    page.keyboard.press("Space")
    plate = page.locator(".plate:has(:checked)")
    assert picture.bounding_box()["width"] == 902
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: plate.evaluate("(plate) => plate.scrollLeft") > 0)  # the browser scrolls smoothly
    assert plate.bounding_box()["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("enlarged", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_labels_stand_under_their_tiles(still, width, enlarged):
    page = still("demo", viewport={"width": width, "height": 900})
    picture, box = _grid(page)
    box.set_checked(enlarged)
    places = page.evaluate(LABELS)
    pixel = picture.bounding_box()["width"] / 41
    for row, column, left, middle in places:
        assert left == pytest.approx(column * 21 * pixel, abs=1.5), (row, column)
        assert middle == pytest.approx((row * 5 + 3 + 1) * pixel, abs=0.15 * 5 * pixel), (row, column)


LABELS = """() => {
  const labels = document.querySelector('#filter_responses .labels'), node = labels.firstChild;
  const grid = labels.parentElement.getBoundingClientRect();
  const places = [];
  let row = 0, column = 0, fresh = true;
  for (let at = 0; at < node.length; at += 1) {
    const character = node.data[at];
    if (character === '\\n') { row += 1; column = 0; fresh = true; continue; }
    if (character === '\\t') { column += 1; fresh = true; continue; }
    if (!fresh) continue;
    fresh = false;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const box = range.getBoundingClientRect();
    places.push([row, column, box.left - grid.left, (box.top + box.bottom) / 2 - grid.top]);
  }
  return places;
}"""


def _grid(page):
    """Return the first grid of patches, 2 x 8 tiles of 20 x 3 with 2 rows of gap, and its box."""
    figure = page.locator("#filter_responses figure").first
    return figure.locator("img"), figure.get_by_role("checkbox")
