"""Tiles of several pictures side by side, and the two sections that show them."""

import json
import re
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest
import schemas

from reportgen.analyses.attribution.results import AttributionResult, MethodMaps, SampleAttribution
from reportgen.analyses.filter_responses.results import ChannelResponses, FilterResponsesResult, LayerResponses
from reportgen.measures.intervals import measure
from reportgen.measures.picture_outputs import picture_outputs
from reportgen.rendering.encoding import BEYOND_COLOUR, GROUND_COLOUR, lookup_table
from reportgen.rendering.html import render_html
from reportgen.rendering.json import render_json
from reportgen.rendering.language import open_language
from reportgen.rendering.page import Page
from reportgen.rendering.panels import panel_tiles
from reportgen.results.findings import Finding, RuleInForce, Severity
from reportgen.results.plottables import ImageGrid, Palette, Panel, PanelGrid
from reportgen.results.report import Section

SAMPLE = Panel(np.array([[[0, 255], [np.nan, 255]], [[255, 0], [0, 0]]], np.float32), (0, 255), Palette.GREY)
MAPS = Panel(np.array([[[4.0]], [[0.0]]], np.float32), (0, 4), Palette.SEQUENTIAL)
WIDE = PanelGrid((replace(SAMPLE, images=np.zeros((2, 28, 28), np.float32)), MAPS), ("3 ✖", "5 ∅"), 2, 4)
GRID = PanelGrid((SAMPLE, MAPS), ("3 ✖", "5"), 2, 4)


def colours(grid, width):
    tiles = panel_tiles(grid, width)
    return tiles.pixels if tiles.table is None else tiles.table[tiles.pixels]


def test_panels_stand_side_by_side_and_the_smaller_is_enlarged_without_smoothing():
    first, second = colours(GRID, 7)
    viridis = lookup_table(Palette.SEQUENTIAL)
    assert first.shape == (2, 7, 3)  # two panels of two pixels, and three of the ground between them
    assert first[0, :2].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert first[1, 0].tolist() == list(BEYOND_COLOUR)
    assert (first[:, 2:5] == GROUND_COLOUR).all()
    assert (first[:, 5:] == viridis[-1]).all()
    assert (second[:, 5:] == viridis[0]).all()


def test_colour_panels_keep_their_colours_beside_a_palette():
    coloured = Panel(np.array([[[[1, 0, 0], [np.nan] * 3]]], np.float32), (0, 1), Palette.COLOUR)
    kernel = Panel(np.array([[[0.0, np.nan]]], np.float32), (-1, 1), Palette.DIVERGING)
    (tile,) = colours(PanelGrid((kernel, coloured), ("0",), 1, 1), 7)
    assert tile[0, 0].tolist() == lookup_table(Palette.DIVERGING)[63].tolist()
    assert tile[0, 1].tolist() == list(GROUND_COLOUR)
    assert tile[0, 5:].tolist() == [[255, 0, 0], list(BEYOND_COLOUR)]


@pytest.mark.parametrize(("width", "unit", "pixels"), [(7, 1, 7), (13, 2, 5), (15, 3, 5), (60, 2.8, 21)])
def test_panels_take_whole_multiples_of_pixels_about_as_wide_as_the_gap(width, unit, pixels):
    tiles = panel_tiles(GRID, width)
    assert (tiles.unit, tiles.pixels.shape[2]) == (pytest.approx(unit), pixels)


def test_a_grid_of_panels_fills_the_width_that_it_is_given():
    wide = PanelGrid((replace(SAMPLE, images=np.zeros((2, 28, 28))),) * 4, ("0", "1"), 2, 2)
    drawn = Page(open_language("en")).grid(wide, fit=1000)
    assert drawn["width"] == 1000
    left, _, across, _, tile, *_ = map(float, drawn["cells"].split())
    assert left + across + tile == pytest.approx(992, abs=1)


@pytest.fixture
def evidence(report):
    """Return the report with both sections: one map that passed, one that failed and one without positive evidence."""
    samples = (
        SampleAttribution(3, "cat", "dog", 5.25, 4.0, 0.001, 0.125, -0.5, ("deletion",), None, 40, 26),
        SampleAttribution(5, None, "cat", 3.5, None, None, None, 0.25, ()),
    )
    method = MethodMaps("hirescam", "HiResCAM", "conv", (1, 1), WIDE, None, samples)
    attribution = AttributionResult((method,), "the logits (head before its softmax)", 4, 2, (0.05, 0.8), 2, 0)
    channels = (
        ChannelResponses(7, (2.5, 1.5), (3, 5), ((0, 1), (2, 3))),
        ChannelResponses(9, (1.25,), (5,), ((0, 0),)),
    )
    made = ImageGrid(np.zeros((2, 2, 2), np.float32), ("7", "9"), (0, 1), 2, Palette.GREY, 2, np.array([2.0, 3.0]))
    layer = LayerResponses("conv", (2, 2), (1, 1), 30, 1, (1, 1), 3, 1, True, GRID, channels, made)
    responses = FilterResponsesResult((layer,), ("up",), 200, 2, 64, 0)
    sections = (
        Section("attribution", "Where it looks", attribution),
        Section("filter_responses", "Answers", responses),
    )
    return replace(report, sections=sections)


def overlays_of(page):
    """Return the drawings of the samples under their maps."""
    (drawn,) = re.findall(r'<div class="overlays">(.*?)</div>', page, re.DOTALL)
    return [unquote(found) for found in re.findall(r'src="data:image/svg[^,]*,([^"]*)"', drawn)]


def written_on(picture):
    """Return the texts of a drawing."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture)


def test_maps_that_are_not_evidence_are_stamped_with_the_test_that_failed(evidence):
    page = render_html(evidence)
    assert "HiResCAM: 0 of 2 maps passed their tests, 1 is not evidence, 1 has no positive evidence." in page
    assert [written_on(picture) for picture in overlays_of(page)] == [
        ["3: dog (labelled cat)", "✖ not evidence", "0", "4.00"],
        ["5: cat", "∅ no positive evidence"],
    ]
    assert "✖ failed a test, ∅ no positive evidence, ○ not tested, ? undecided." in page
    assert "✖ not evidence: deletion" in page
    assert "∅ no positive evidence" in page
    assert "The first 2 of 4 chosen samples are explained." in page
    assert "dog (labelled cat)" in page
    assert "<td>−0.50 (26 of 40)</td>" in page
    assert "1 map is exact and yet fails: the map splits" in page


def test_the_text_on_the_tests_of_maps_has_the_threshold_in_force(evidence):
    rule = RuleInForce("no-better-than-random-maps", 0.1, Severity.WARNING, "share of orders", set_by="rules.toml")
    page = render_html(replace(evidence, rules=(rule,)))
    assert "A map passes where at most 10.0% of them do." in page
    assert (
        evidence.threshold("no-better-than-random-maps"),
        replace(evidence, rules=(rule,)).threshold(rule.code),
    ) == (
        None,
        0.1,
    )


def _with_maps(report, *samples, labels):
    attribution = report.sections[0].result
    figure = replace(attribution.methods[0].figure, labels=labels)
    methods = (replace(attribution.methods[0], samples=samples, figure=figure),)
    section = replace(report.sections[0], result=replace(attribution, methods=methods))
    return replace(report, sections=(section, *report.sections[1:]))


def test_a_stamp_joins_the_class_and_what_is_not_decided_is_told(evidence):
    failed = SampleAttribution(3, "cat", "dog", 5.25, 4.0, None, 0.125, -0.5, ("deletion",))
    undecided = SampleAttribution(5, "cat", "cat", 3.5, 2.0, None, 0.125, None, (), undecided=("deletion",))
    page = render_html(_with_maps(evidence, failed, undecided, labels=("3 ✖", "5 ?")))
    assert [written_on(picture)[:2] for picture in overlays_of(page)] == [
        ["3: dog (labelled cat)", "✖ not evidence"],
        ["5: cat", "? not decided"],
    ]
    assert "HiResCAM: 0 of 2 maps passed their tests, 1 is not evidence, 1 is not decided." in page
    assert '<td class="text">? not decided: deletion</td>' in page


def test_the_classes_of_a_sample_stand_beside_the_explained_one(evidence):
    several, same, none = (
        SampleAttribution(3, None, "dog", 5.25, 4.0, None, 0.125, 3.5, (), classes)
        for classes in (("cat", "owl"), ("dog",), ())
    )
    page = render_html(_with_maps(evidence, several, same, labels=("3", "5")))
    assert "dog (labelled cat, owl)</td>" in page
    assert page.count('<td class="text">dog</td>') == 1
    assert "dog (labelled with none)</td>" in render_html(_with_maps(evidence, none, same, labels=("3", "5")))


def _beside_quality(evidence, report, successes, *codes):
    (quality,) = (section for section in report.sections if section.name == "prediction_quality")
    findings = tuple(
        Finding(code, Severity.PROBLEM, "accuracy", "too few are right", {}, 0.1, "Wilson") for code in codes
    )
    classification = replace(
        quality.result.classification, accuracy=measure(successes, 100)
    )  # always saying class 0: 60 %
    quality = replace(quality, result=replace(quality.result, classification=classification), findings=findings)
    return render_html(replace(evidence, sections=(*evidence.sections, quality)))


@pytest.mark.parametrize(
    ("successes", "codes", "told"),
    [
        (90, (), False),
        (71, (), False),  # 61.5 % at the least
        (69, (), True),  # 59.4 %
        (71, ("no-better-than-majority",), True),
        (90, ("miscalibration",), False),
    ],
)
def test_maps_of_a_model_no_better_than_the_majority_are_not_praised(evidence, report, successes, codes, told):
    page = _beside_quality(evidence, report, successes, *codes)
    assert (
        "always answering <bdi>class 0</bdi> (60.0%). The maps show what the model looks at, not that it has learned."
        in page
    ) == told


def test_the_accuracy_of_a_model_no_better_than_the_majority_is_told_with_its_interval(evidence, report):
    page = _beside_quality(evidence, report, 69)
    assert (
        'The <a href="#prediction_quality">accuracy</a>, 69.0% (59.4% to 77.2%), is not clearly better than always'
        in page
    )
    assert "not that it has learned." in page


def test_patches_are_told_with_sample_and_place(evidence):
    page = render_html(evidence)
    assert "2.50 in    3 (  0   1);    1.50 in    5 (  2   3)" in page
    assert "cannot be traced back to pixels: up." in page
    assert "64 steps, seed 0" in page
    assert "Sand colour: outside the sample." in page


def test_alternative_texts_are_long_unique_and_name_the_layer(evidence):
    texts = re.findall(r'<img [^>]*alt="([^"]*)"', render_html(evidence))
    assert len(texts) == len(set(texts)) == 4  # one for each sample
    assert all(len(text) > 20 and "conv" in text for text in texts)


def test_the_json_of_both_sections_validates_and_has_no_pixels(evidence):
    text = render_json(evidence)
    schemas.REPORT.validate(json.loads(text))
    figure = json.loads(text)["sections"][0]["result"]["methods"][0]["figure"]
    assert figure["panels"][1] == {"value_range": [0, 4], "palette": "sequential", "tile_shape": [1, 1]}
    (shown, blank) = overlays_of(render_html(evidence))
    assert (shown.count("<image"), blank.count("<image")) == (3, 1)  # sample, map and ramp; the sample alone


def test_masks_begin_with_their_mean_overlap(report):
    (samples,) = (section for section in report.sections if section.name == "sample_predictions")
    targets = np.zeros((2, 4, 4), np.int64)
    images = np.zeros((2, 4, 4, 1), np.uint8)
    masks = picture_outputs((3, 5), images, targets, targets, np.array([0.25, 0.75]), classes=2)
    section = replace(samples, result=replace(samples.result, outputs=masks))
    page = render_html(replace(report, sections=(section,)))
    assert "predicted and true masks overlap by 0.50 on average (IoU)." in page
    assert "Each sample: input, output, target, error." in page
