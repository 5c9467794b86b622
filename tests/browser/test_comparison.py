"""The page of a comparison, of two residual networks: valid, accessible, narrow, on paper and without a complaint."""

import re
from pathlib import Path

import numpy as np
import pytest
from checks import COLOUR_RULES, axe_faults, id_faults, image_faults, inline_faults, open_details, sideways_faults


@pytest.fixture(scope="module")
def comparison_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of two residual networks with other weights and one with another layer, on samples with labels."""
    import keras
    from networks import residual

    from reportgen.api import build_comparison

    base, new = residual(), residual(seed=9)
    samples = np.random.default_rng(0).random((40, 8, 8, 2)).astype(np.float32)
    labels = np.asarray(base(samples)).argmax(axis=1)
    labels[::5] = np.asarray(new(samples)).argmax(axis=1)[::5]
    inputs = new.input
    wider = keras.layers.Dense(3, activation="softmax", name="scores")(
        keras.layers.Dropout(0.5, name="drop")(new.get_layer("hidden").output)
    )
    other = keras.Model(inputs, wider, name="other")
    other.get_layer("scores").set_weights(new.get_layer("scores").get_weights())
    path = tmp_path_factory.mktemp("comparison") / "comparison.html"
    names = ["first", "<b>second</b>", "셋째"]
    return build_comparison(base, other, samples, labels=labels, class_names=names, select="first:4").save(path)


def test_html_validate_finds_nothing(comparison_path, html_validate):
    assert html_validate(comparison_path) == {"comparison": []}
    assert inline_faults(comparison_path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("width", "scheme", "rules"), [(1280, "light", ()), (1280, "dark", COLOUR_RULES), (320, "light", ())]
)
def test_axe_finds_nothing_with_all_details_open(comparison_path, open_page, axe_source, width, scheme, rules):
    page = open_page(comparison_path, color_scheme=scheme, viewport={"width": width, "height": 800}).page
    open_details(page)
    assert axe_faults(page, axe_source, rules=rules) == []
    assert sideways_faults(page) == []


def test_the_page_shows_every_picture_and_complains_of_nothing(comparison_path, open_page):
    visit = open_page(comparison_path)
    assert visit.complaints == []
    assert image_faults(visit.page) == []
    assert id_faults(visit.page) == []
    assert visit.page.title() == "residual → other"
    assert visit.page.locator("main b").count() == 0


def test_a_sample_is_chosen_without_script(comparison_path, open_page):
    page = open_page(comparison_path, java_script_enabled=False).page
    grids = page.locator("#map_changes .of")
    seen = [grid.is_visible() for grid in grids.all()]
    page.locator("#map_changes .chooser input").nth(1).check(force=True)
    assert [grid.is_visible() for grid in grids.all()] != seen
    assert sum(seen) * 4 == len(seen)


def test_what_the_script_finds_in_the_json_is_the_comparisons(comparison_path):
    page = comparison_path.read_text(encoding="utf-8")
    assert re.search(r'download="comparison.json.gz"', page)
