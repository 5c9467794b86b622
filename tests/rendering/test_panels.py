"""Tiles of several pictures side by side, and the two sections that show them."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import reportgen.rendering
from reportgen.analyses.attribution import AttributionResult, MethodMaps, SampleAttribution
from reportgen.analyses.filter_responses import ChannelResponses, FilterResponsesResult, LayerResponses
from reportgen.rendering.encoding import BEYOND_COLOUR, GROUND_COLOUR, lookup_table, panels_png
from reportgen.rendering.geometry import geometry_of, panel_size
from reportgen.rendering.html import render_html
from reportgen.rendering.json import render_json
from reportgen.results import ImageGrid, Palette, Panel, PanelGrid, Section

SCHEMA = json.loads(Path(reportgen.rendering.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
SAMPLE = Panel(np.array([[[0, 255], [np.nan, 255]], [[255, 0], [0, 0]]], np.float32), (0, 255), Palette.GREY)
MAPS = Panel(np.array([[[4.0]], [[0.0]]], np.float32), (0, 4), Palette.SEQUENTIAL)
WIDE = PanelGrid((replace(SAMPLE, images=np.zeros((2, 28, 28), np.float32)), MAPS), ("3 ✖", "5 ∅"), 2, 4)
GRID = PanelGrid((SAMPLE, MAPS), ("3 ✖", "5"), 2, 4)


def pixels(grid):
    return np.asarray(Image.open(io.BytesIO(panels_png(grid))).convert("RGB"))


def test_panels_stand_side_by_side_and_the_smaller_is_enlarged_without_smoothing():
    picture = pixels(GRID)
    viridis = lookup_table(Palette.SEQUENTIAL)
    assert panel_size(GRID) == (2, 2)
    assert picture[0, :2].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert picture[1, 0].tolist() == list(BEYOND_COLOUR)
    assert (picture[:2, 2] == GROUND_COLOUR).all()
    assert (picture[:2, 3:5] == viridis[-1]).all()
    assert (picture[:2, 5:7] == GROUND_COLOUR).all()
    assert (picture[:2, 10:12] == viridis[0]).all()
    assert (picture[2:] == GROUND_COLOUR).all()


def test_colour_panels_keep_their_colours_beside_a_palette():
    colours = Panel(np.array([[[[1, 0, 0], [np.nan] * 3]]], np.float32), (0, 1), Palette.COLOUR)
    kernel = Panel(np.array([[[0.0, np.nan]]], np.float32), (-1, 1), Palette.DIVERGING)
    picture = pixels(PanelGrid((kernel, colours), ("0",), 1, 1))
    assert picture[0, 0].tolist() == lookup_table(Palette.DIVERGING)[63].tolist()
    assert picture[0, 1].tolist() == list(GROUND_COLOUR)
    assert picture[0, 3:5].tolist() == [[255, 0, 0], list(BEYOND_COLOUR)]


def test_a_tile_is_brought_near_224_pixels_and_a_row_kept_within_900():
    geometry = geometry_of(GRID)
    assert (geometry.tile_width, geometry.tile_height, geometry.rows, geometry.scale) == (6, 2, 1, 16)
    wide = PanelGrid((replace(SAMPLE, images=np.zeros((10, 28, 28))),) * 2, tuple("0123456789"), 5, 10)
    assert (geometry_of(wide).scale, geometry_of(wide).width * 3) == (3, 882)


@pytest.fixture
def evidence(report):
    """Return the report with both sections: one map that passed, one that failed and one without positive evidence."""
    samples = (
        SampleAttribution(3, "cat", "dog", 5.25, 4.0, 0.001, 0.125, -0.5, ("deletion",)),
        SampleAttribution(5, None, "cat", 3.5, None, None, None, 0.25, ()),
    )
    method = MethodMaps("hirescam", "HiResCAM", "conv", (1, 1), WIDE, None, samples)
    attribution = AttributionResult((method,), "the logits (head before its softmax)", 4, 2, (0.05, 0.8), 3, 2, 0)
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


def test_maps_that_are_not_evidence_are_stamped_with_the_test_that_failed(evidence):
    page = render_html(evidence)
    assert "HiResCAM: 0 of 2 maps passed their tests, 1 is not evidence, 1 has no positive evidence." in page
    assert "3 ✖ not evidence\t5 ∅ no positive evidence" in page
    assert "✖ not evidence: deletion" in page
    assert "∅ no positive evidence" in page
    assert "The first 2 of 4 chosen samples are explained." in page
    assert "dog (labelled cat)" in page


def test_patches_are_told_with_sample_and_place(evidence):
    page = render_html(evidence)
    assert "2.50 in 3 (0, 1); 1.50 in 5 (2, 3)" in page
    assert "cannot be traced back to pixels: up." in page
    assert "64 steps, seed 0" in page
    assert "Sand-coloured: beyond the sample’s edge." in page


def test_alternative_texts_are_long_unique_and_name_the_layer(evidence):
    texts = re.findall(r'<img [^>]*alt="([^"]*)"', render_html(evidence))
    assert len(texts) == len(set(texts)) == 3
    assert all(len(text) > 20 and "conv" in text for text in texts)


def test_the_json_of_both_sections_validates_and_has_no_pixels(evidence):
    text = render_json(evidence)
    jsonschema.validate(json.loads(text), SCHEMA, jsonschema.Draft202012Validator)
    figure = json.loads(text)["sections"][0]["result"]["methods"][0]["figure"]
    assert figure["panels"][1] == {"value_range": [0, 4], "palette": "sequential", "tile_shape": [1, 1]}
    assert base64.b64encode(panels_png(WIDE)).decode() in render_html(evidence)
