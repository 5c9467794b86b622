"""What the script adds: a tile's readout, the card of a channel, copied links. Numbers are those that the page carries."""

import io

import numpy as np
import pytest
from checks import numbers_of
from PIL import Image

WIDTH, FOLDED = 745, 370  # pixels of the picture of 4 x 8 maps of 28 x 28, and where half as many stand in a row
PITCH, TILE, TOP = (90, 105), 84, 8
LEFT = {WIDTH: 15, FOLDED: 8}  # where the first tile begins


@pytest.fixture
def numbers(report_paths):
    """Return the results of the demo's sections by name."""
    block = numbers_of(report_paths["demo"].read_text(encoding="utf-8"))
    return {section["name"]: section["result"] for section in block["sections"]}


def middle(picture, place, *, columns, width):
    """Return the middle of a tile on the page."""
    box, row, column = picture.bounding_box(), *divmod(place, columns)
    unit = box["width"] / width
    at = (LEFT[width] + column * PITCH[0] + TILE / 2, TOP + row * PITCH[1] + TILE / 2)
    return box["x"] + unit * at[0], box["y"] + unit * at[1]


def expected(numbers, channel, *, layer=0, sample=None):
    """Return what the page should say of a channel."""
    maps = [one["grid"]["maxima"][str(channel)] for one in numbers["feature_maps"]["layers"][layer]["samples"]]
    norms = numbers["filter_grids"]["grids"][layer]["norms"]
    shown = max(maps) if sample is None else maps[sample]
    rank = 1 + sum(one > norms[channel] for one in norms)
    return [
        f"max {shown:#.3g}",
        f"fires on {sum(one > 0 for one in maps)} of {len(maps)} shown",
        f"norm {norms[channel]:#.3g}, rank {rank} of {len(norms)}",
    ]


@pytest.mark.parametrize(("viewport", "columns", "width"), [(1440, 8, WIDTH), (390, 4, FOLDED)])
def test_a_tile_says_its_channel_under_the_pointer(report_paths, open_page, numbers, viewport, columns, width):
    page = open_page(report_paths["demo"], viewport={"width": viewport, "height": 900}).page
    figure = page.locator("#feature_maps-conv2d")
    figure.locator(".cursor").wait_for(state="attached")
    for channel in (0, 7, 13, 31):
        picture = figure.locator(".film")
        page.evaluate("(y) => scrollBy(0, y - 450)", middle(picture, channel, columns=columns, width=width)[1])
        page.mouse.move(*middle(picture, channel, columns=columns, width=width))
        said = figure.locator("output.readout").inner_text().split(" · ")
        assert said == [f"Channel {channel}", *expected(numbers, channel, sample=0)]
        cursor = figure.locator(".cursor").bounding_box()
        unit = picture.bounding_box()["width"] / width
        assert cursor["width"] == pytest.approx(TILE * unit, abs=0.1)
        assert cursor["x"] + cursor["width"] / 2 == pytest.approx(
            middle(picture, channel, columns=columns, width=width)[0], abs=0.6
        )


def test_between_tiles_nothing_is_chosen(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 1440, "height": 900}).page
    figure = page.locator("#feature_maps-conv2d")
    figure.locator("figcaption").hover()
    assert page.locator("output.readout:not(:empty)").count() == 0
    assert page.locator(".pointed").count() == 0


def test_arrow_keys_choose_a_tile_and_enter_shows_its_channel(report_paths, open_page, numbers):
    page = open_page(report_paths["demo"], viewport={"width": 1440, "height": 900}).page
    name = "Tiles of conv2d: arrow keys choose one, Enter shows its channel"
    cursor = page.locator("#filter_grids-conv2d-trained").get_by_role("slider", name=name)
    cursor.focus()
    said = [cursor.get_attribute("aria-valuetext").split(" · ")[0]]
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp", "End", "ArrowRight", "Home"):
        page.keyboard.press(key)
        said.append(cursor.get_attribute("aria-valuetext").split(" · ")[0])
    assert said == [f"Channel {channel}" for channel in (0, 1, 9, 8, 0, 0, 31, 31, 0)]
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog", name="conv2d, channel 31")
    assert card.locator("h2 + p").inner_text().split(" · ") == expected(numbers, 31)
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert cursor.evaluate("(cursor) => cursor === document.activeElement")


def test_a_card_holds_the_channel_in_every_figure_and_turns_to_its_neighbours(report_paths, open_page, numbers):
    page = open_page(report_paths["demo"], viewport={"width": 1440, "height": 900}).page
    page.locator("#feature_maps-conv2d_1 .cursor").focus()
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog")
    names = [f"{one['index']}, {one['label']}" for one in numbers["feature_maps"]["layers"][1]["samples"]]
    drawn = numbers["filter_responses"]["layers"][1]["channels"]
    of_patches = {one["channel"] for one in drawn}
    for channel, key in ((0, "ArrowLeft"), (0, "ArrowRight"), (1, "ArrowRight"), (2, "ArrowLeft"), (1, "ArrowLeft")):
        assert card.locator("h2").inner_text() == f"conv2d_1, channel {channel}"
        assert card.locator("h2 + p").inner_text().split(" · ")[:3] == expected(numbers, channel, layer=1)
        patches = ["kernel, then the patches it responds to most"] * (channel in of_patches)
        assert card.locator("figcaption").all_inner_texts() == ["trained", "untrained", *names, *patches]
        page.keyboard.press(key)
    card.get_by_role("button", name="Close").click()
    assert page.get_by_role("dialog").count() == 0


def shades(element, values):
    """Return the colours of an element's picture at the middle of each of so many values a side."""
    pixels = np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype(int)
    rows, columns = (((np.arange(values) + 0.5) * size / values).astype(int) for size in pixels.shape[:2])
    return pixels[rows][:, columns]


def test_a_cards_pictures_are_the_pages(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 1440, "height": 900}).page
    figure = page.locator("#feature_maps-conv2d")
    cursor = figure.locator(".cursor")
    cursor.focus()
    for _ in range(11):
        page.keyboard.press("ArrowRight")
    page.mouse.move(0, 0)
    on_page = shades(cursor, 28)
    page.keyboard.press("Enter")
    in_card = shades(page.get_by_role("dialog").locator(".cut").nth(2), 28)
    assert len(np.unique(on_page.reshape(-1, 3), axis=0)) > 10
    assert (np.abs(on_page - in_card).max(axis=-1) <= 8).mean() > 0.97  # values at the edges of pixels are mixed


def test_a_dead_channel_is_said_to_be_silent(report_paths, open_page):
    page = open_page(report_paths["deep"], viewport={"width": 1440, "height": 900}).page
    page.locator("#feature_maps .cursor").last.wait_for(state="attached")
    said = page.evaluate(
        """() => [...document.querySelectorAll('#feature_maps .cursor')].flatMap((cursor) => {
          const figure = cursor.closest('figure'), press = (key) => cursor.dispatchEvent(new KeyboardEvent('keydown', {key}));
          return figure.dataset.channels.split(' ').map((channel, place) => {
            press(place ? 'ArrowRight' : 'Home');
            return [figure.querySelector('h3').firstChild.data.trim(), channel, cursor.getAttribute('aria-valuetext')];
          });
        })"""
    )
    block = numbers_of(report_paths["deep"].read_text(encoding="utf-8"))
    activity = next(one["result"] for one in block["sections"] if one["name"] == "channel_activity")
    silent = {(one["name"], str(index)) for one in activity["layers"] for index in one["silent"]}
    marked = {(name, channel) for name, channel, text in said if "silent on all 8 evaluated" in text}
    shown = {(name, channel) for name, channel, _ in said}
    assert marked == silent & shown


def test_a_permalink_is_copied_when_followed(report_paths, browser):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(report_paths["demo"].as_uri())
    page.locator("#feature_maps-conv2d h3 .permalink").click()
    page.get_by_role("status").filter(has_text="Link copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == report_paths["demo"].as_uri() + "#feature_maps-conv2d"
    context.close()


def test_the_card_speaks_the_pages_language(report_paths, open_page):
    page = open_page(report_paths["korean"]).page
    page.locator("#feature_maps-conv2d .cursor").focus()
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog", name="conv2d, 채널 0")
    assert card.locator("button").evaluate_all("(all) => all.map((one) => one.ariaLabel)") == [
        "이전 채널",
        "다음 채널",
        "닫기",
    ]
    assert card.locator("h2 + p").inner_text().startswith("최댓값 0.")


@pytest.mark.parametrize("name", ["demo", "tiles"])
def test_without_script_maps_lead_to_their_numbers(look, name):
    page = look(name, java_script_enabled=False).page
    links = page.get_by_role("link", name="numbers of all tiles").all()
    assert len(links) == 2
    for link in links:
        target = page.locator(link.get_attribute("href"))
        assert target.evaluate("(box) => box.matches('details :has(tbody tr)')")
    assert page.locator(".cursor, .readout, dialog").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_card_is_accessible(report_paths, open_page, axe_source, scheme):
    page = open_page(report_paths["demo"], color_scheme=scheme).page
    page.locator("#feature_maps-conv2d .cursor").focus()
    page.keyboard.press("Enter")
    page.evaluate(axe_source)
    found = page.evaluate("axe.run('dialog').then((result) => result.violations.map((one) => one.id))")
    assert found == []


def test_figures_offer_their_picture_with_letters_and_scale(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 1440, "height": 900}).page
    saved = {}
    for name in ("feature_maps-conv2d", "filter_grids-conv2d-trained", "filter_responses-conv2d"):
        page.locator(f"#{name} :is(.film, .tiles)").first.hover()
        with page.expect_download() as started:
            page.locator(f"#{name}").get_by_role("link", name="Save picture").click()
        saved[started.value.suggested_filename] = started.value.path().read_text(encoding="utf-8")
        assert page.get_by_role("link", name="Save picture").count() == 1
    assert list(saved) == ["feature_maps-conv2d.svg", "filter_grids-conv2d-trained.svg", "filter_responses-conv2d.svg"]
    for drawing, words in zip(saved.values(), ("activation (relu)", "weight, red positive", "6 0.793"), strict=True):
        assert words in drawing


def test_cells_of_the_confusion_matrix_lead_to_shown_samples_first(look, numbers):
    page = look("demo", java_script_enabled=False).page
    right = page.locator(".confusion .hit a").evaluate_all("(links) => links.map((link) => link.hash)")
    shown = [one for one in numbers["sample_predictions"]["shown"] if one["correct"]]
    assert sorted(right) == sorted(f"#sample_predictions-{one['index']}" for one in shown)
    wrong = page.locator(".confusion td:not(.hit) a").evaluate_all("(links) => links.map((link) => link.hash)")
    assert len(wrong) == 8
    assert all(target.startswith("#prediction_quality-worst-") for target in wrong)


def test_pointing_at_a_tile_moves_nothing(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 1440, "height": 900}).page
    places = """() => [...document.querySelectorAll('#filter_grids figure')].map((one) => {
      const box = one.getBoundingClientRect();
      return [box.x, box.y + scrollY, box.width, box.height];
    })"""
    picture = page.locator("#filter_grids-conv2d-trained img")
    page.locator("#filter_grids .cursor").last.wait_for(state="attached")
    picture.scroll_into_view_if_needed()
    before = page.evaluate(places)
    picture.hover(position={"x": 30, "y": 30})
    assert page.locator("#filter_grids-conv2d-trained output.readout").inner_text().startswith("Channel 0 · max")
    assert page.evaluate(places) == before


@pytest.mark.parametrize("width", [390, 1440])
def test_a_sample_is_kept_beside_another_and_put_away_by_keyboard(report_paths, open_page, numbers, width):
    page = open_page(report_paths["demo"], viewport={"width": width, "height": 900}).page
    block = page.locator("#feature_maps .picked")
    keep = block.get_by_role("button", name="Keep beside another")
    keep.focus()
    page.keyboard.press("Enter")
    samples = [f"{one['index']}, {one['label']}" for one in numbers["feature_maps"]["layers"][0]["samples"]]
    put_away = block.get_by_role("button", name=f"Remove {samples[0]}")
    assert put_away.evaluate("(button) => button === document.activeElement")
    block.locator("input.p0").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    films = page.locator("#feature_maps-conv2d .film")
    assert films.evaluate_all(FRAMES) == [3, 0]
    assert films.last.locator("img").get_attribute("alt") == samples[0]
    one, other = (film.bounding_box() for film in films.all())
    assert (one["y"] == other["y"]) == (width == 1440)  # on a phone one stands under the other
    assert other["x"] + other["width"] <= width
    films.last.hover(position={"x": 40, "y": 40})
    said = page.locator("#feature_maps-conv2d output.readout").inner_text().split(" · ")
    assert said == ["Channel 0", *expected(numbers, 0, sample=0)]
    put_away.focus()
    page.keyboard.press("Enter")
    assert films.count() == 1


FRAMES = """(films) => films.map((film) => {
  const window = film.getBoundingClientRect(), image = film.firstElementChild.getBoundingClientRect();
  return Math.round((window.top - image.top) / window.height);
})"""
