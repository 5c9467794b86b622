"""The page as HTML: valid, every text a text, every image with words for it, every link with a place to go to."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from checks import EVERY, PAGES, id_faults, image_faults, inline_faults, missing, numbers_of, text_faults

ALL = tuple(dict.fromkeys((*PAGES, *EVERY)))
every_report = pytest.mark.parametrize("name", ALL)


def test_html_validate_finds_nothing_in_any_report(report_paths, html_validate):
    assert sorted(report_paths) == sorted(ALL)
    assert html_validate(*report_paths.values()) == {name: [] for name in ALL}


@pytest.fixture(scope="module")
def vnu_errors(report_paths, node_modules, tmp_path_factory):
    """Return what the W3C's validator says of each page, other than about their style, and of one with a doubled id."""
    if shutil.which("java") is None:
        missing("needs Java: apt-get install default-jre-headless")
    jar = next(node_modules.glob("vnu-jar/**/vnu.jar"))
    planted = tmp_path_factory.mktemp("vnu") / "planted.html"
    document = report_paths["skipped"].read_text(encoding="utf-8")
    planted.write_text(document.replace('id="provenance-heading"', 'id="summary-heading"', 1), encoding="utf-8")
    paths = [*report_paths.values(), planted]  # all at once: its Java takes longer to start than to read
    java = [
        "java",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xss8m",
    ]  # half the work for a program that soon ends
    command = [*java, "-jar", jar, "--errors-only", "--format", "json", "--exit-zero-always", *paths]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    errors = {path.stem: [] for path in paths}
    for message in json.loads(ran.stderr)["messages"]:
        # Its checker of style sheets knows neither container queries nor round(): https://github.com/w3c/css-validator/issues
        if not message["message"].startswith("CSS: "):
            errors[Path(message["url"]).stem].append(message["message"])
    return errors


@every_report
def test_vnu_finds_no_error(vnu_errors, name):
    assert vnu_errors[name] == []


def test_vnu_notices_a_doubled_id(vnu_errors):
    assert any("summary-heading" in error for error in vnu_errors["planted"])


@every_report
def test_no_page_has_an_attribute_that_its_policy_blocks(report_paths, name):
    assert inline_faults(report_paths[name].read_text(encoding="utf-8")) == []


@every_report
def test_every_image_has_a_unique_text_of_twenty_characters(look, name):
    assert image_faults(look(name).page) == []


@pytest.mark.parametrize(
    ("pictures", "words", "subjects"),
    [
        ("#weight_histograms img", (" to ", "mean"), {"conv2d", "conv2d_1", "dense", "dense_1"}),
        ("#filter_grids img.tiles", (" to ", "mean"), {"conv2d", "conv2d_1"}),
        ("#filter_grids img:not(.tiles)", (" from ", " to "), {"conv2d", "conv2d_1"}),
        ("#feature_maps img.tiles", (" to ", "mean"), {"conv2d", "conv2d_1"}),
        ("#feature_maps img:not(.tiles)", ("Sample ", "beside its feature maps"), set()),
    ],
)
def test_alternative_texts_name_the_layer_and_its_numbers(look, pictures, words, subjects):
    texts = look("demo").page.locator(pictures).evaluate_all("(images) => images.map((image) => image.alt)")
    assert texts
    named = {word.strip(":,.") for text in texts for word in text.split()} & {"conv2d", "conv2d_1", "dense", "dense_1"}
    assert named == subjects
    assert [text for text in texts if not all(word in text for word in words)] == []


@every_report
def test_ids_are_unique_and_every_fragment_leads_somewhere(look, name):
    assert id_faults(look(name).page) == []


@pytest.mark.parametrize("name", [*EVERY, "skipped"])
def test_no_two_sentences_run_together(look, name):
    texts = look(name, unfolded=True).page.locator("p, li, figcaption").all_inner_texts()
    assert [text for text in texts if re.search(r"(?<!\.layers)(?<=[a-z)%\d])[.;:,][A-Z][a-z]", text)] == []


@pytest.mark.parametrize("name", ["hostile"])
def test_hostile_names_are_text(look, name):
    from hand_built import HOSTILE

    visit = look(name)
    assert text_faults(visit.page, HOSTILE[0]) == []
    assert visit.outside() == []
    assert visit.complaints == []


@pytest.mark.parametrize("name", ["hostile"])
def test_hostile_names_can_be_read_in_every_place(look, name):
    page = look(name, unfolded=True).page
    names = (
        "</script><script>window.hostile = 1</script>",
        '"><img src="https://hostile.test/x.png" onerror="window.hostile = 1">',
        "' autofocus onfocus='window.hostile = 1",
        "<!-- <script> -->]]></title></style>",
        "nul\\x00bell\\x07",
        "line\\r\\nbreak\\ttab\\u2028",
        "\\u202egnp.reyal\\u2066 \\u200b",
        "{{ 7 * 7 }} &lt;b&gt; &amp;",
        "long" * 12 + "l…ng" + "long" * 7,
    )
    quality = "prediction_quality"
    for section in ("architecture", "weight_histograms", "filter_grids", "sample_predictions", quality, "feature_maps"):
        text = page.locator(f"#{section}").inner_text()
        assert [name for name in names if name not in text] == [], section


def test_the_numbers_keep_hostile_names_as_they_were(report_paths):
    from hand_built import HOSTILE

    numbers = numbers_of(report_paths["hostile"].read_text(encoding="utf-8"))
    assert numbers["provenance"]["note"] == "\n".join(HOSTILE)
    layers = numbers["sections"][0]["result"]["layers"]
    assert [row[layers["columns"].index("path")] for row in layers["rows"]] == list(HOSTILE)
