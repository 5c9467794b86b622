"""The section on prediction quality, for few classes, many, too many and numbers."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import schemas

from reportgen.measures.classification import classification_quality
from reportgen.measures.regression import regression_errors
from reportgen.rendering.html import render_html
from reportgen.rendering.json import render_json
from reportgen.results.report import Report, Section


def section_of(report: Report, result) -> str:
    section = Section("prediction_quality", "Prediction quality", result)
    page = render_html(replace(report, sections=(section,)))
    return page.split('<section id="prediction_quality"', 1)[1].split("</section>")[0]


def test_the_sentence_has_the_models_numbers(report, predictions_of):
    section = section_of(report, predictions_of(2))
    assert "Accuracy 80.0% (37.6%–96.4%), on 5 labelled samples." in section
    assert "Baseline, always answering <bdi>class 0</bdi>: 60.0%." in section
    assert "Most frequent confusion" not in section  # the table of two classes shows it
    assert "The outputs are scores." in section


def test_what_is_inconclusive_is_said_with_the_samples_needed(report):
    page = render_html(report)
    assert "Inconclusive: accuracy is 80.0%; the limit lies within; about 30 samples would decide" in page


@pytest.mark.parametrize("classes", [2, 12])
def test_up_to_12_classes_have_a_table_of_counts_the_deeper_the_larger_their_share(report, predictions_of, classes):
    section = section_of(report, predictions_of(classes))
    assert '<table class="numbers confusion" id="prediction_quality-confusion-matrix">' in section
    assert section.count('<td class="r') == (3 if classes == 2 else 5)
    assert re.search(r'<td class="r\d hit">\d</td>', section)


def test_a_cell_of_the_matrix_leads_to_a_wrong_sample_that_is_listed(report, predictions_of):
    result = predictions_of(2)
    wrong = replace(result.worst[0], label="class 0", predicted="class 1")
    section = section_of(report, replace(result, worst=(wrong, *result.worst[1:])))
    (cell,) = re.findall(r'<td class="r2"><a href="#([^"]*)">1</a></td>', section)
    assert re.search(
        rf'<figure class="card wrong" id="{cell}">\s*<img [^>]*>\s*<figcaption><a href="#{cell}">{wrong.index}</a> ',
        section,
    )


@pytest.mark.parametrize("classes", [13, 100])
def test_more_classes_are_a_picture_with_the_largest_confusions_beside_it(report, predictions_of, classes):
    section = section_of(report, predictions_of(classes))
    assert f'alt="Confusion matrix of {classes} classes on 5 samples, labels in rows' in section
    assert "<caption>The most frequent confusion</caption>" in section
    assert "confusion&#34;" not in section


def test_over_100_classes_have_the_largest_confusions_alone(report, predictions_of):
    section = section_of(report, predictions_of(101))
    assert "The confusion matrix of 101 classes is left out" in section
    assert "Largest confusions" in section


def test_bins_stand_in_a_table_and_worst_samples_in_cards(report, predictions_of):
    section = section_of(report, predictions_of(2))
    assert '<tr><th scope="row">86.7%–93.3%</th><td>5</td><td>90.0%</td><td>80.0% (37.6%–96.4%)</td></tr>' in section
    assert "<bdi>class 4</bdi> → <bdi>class 0</bdi> <small>90.0% / 10.0%</small>" in section


def test_numbers_have_quantiles_of_the_error(report, predictions_of):
    errors = regression_errors(np.array([1.0, 2.0, 4.0]), np.array([1, 2, 3]))
    section = section_of(report, replace(predictions_of(2), classification=None, regression=errors))
    assert "half of the outputs are within 0 of the label and 95% within 0.900" in section
    assert "R² 0.500" in section


def test_alternative_texts_are_long_enough_and_unique(report, predictions_of):
    alternatives = re.findall(r' alt="([^"]*)"', section_of(report, predictions_of(13)))
    assert len(set(alternatives)) == len(alternatives) == 3
    assert all(len(text) >= 20 for text in alternatives)


def measured(predictions_of, classes: int, names: tuple[str, ...], *, shift: int = 0):
    labels = np.arange(8 * classes) // 8
    said = (labels + shift) % classes
    said[:3] = 0
    values = np.eye(classes)[said] * 0.5 + 0.5 / classes
    quality = classification_quality(values, labels, names, sure=0.7, seed=0)
    return replace(predictions_of(2), evaluated=len(labels), total=len(labels), classification=quality)


def test_two_classes_have_their_areas_and_numbers_before_their_names(report, predictions_of):
    section = section_of(report, measured(predictions_of, 2, ("cat", "dog")))
    assert "ROC curve of class 1: area 1.00 (0.756–1.00), 8 samples against 8." in section
    assert section.count('<th scope="row" dir="auto">0 cat</th>') == 3
    assert "Newcombe 2006, method 5" in section
    assert "Newcombe" not in section_of(report, measured(predictions_of, 3, ("cat", "dog", "cow")))


def test_classes_without_names_are_not_numbered_twice(report, predictions_of):
    section = section_of(report, measured(predictions_of, 3, ("class 0", "class 1", "class 2")))
    assert '<th scope="row" dir="auto">class 0</th>' in section
    assert "0 class 0" not in section


def test_ties_among_the_confusions_and_the_limit_of_confidence_are_told(report, predictions_of):
    shifted = measured(predictions_of, 13, tuple("abcdefghijklm"), shift=1)
    section = section_of(report, shifted)
    assert "Most frequent confusion (8 samples): <bdi>b</bdi> → <bdi>c</bdi>, <bdi>c</bdi> → <bdi>d</bdi>, " in section
    assert "Predictions above" not in section
    confident = replace(shifted.classification, confident=21, confident_wrong=2)
    section = section_of(report, replace(shifted, classification=confident))
    assert "Predictions above 70.0% confidence: 21, of which 2 wrong." in section


def test_fewer_samples_than_there_are_is_said(report, predictions_of):
    section = section_of(report, replace(measured(predictions_of, 2, ("a", "b")), total=900))
    assert "Accuracy 100.0% (80.6%–100.0%), on 16 of 900 labelled samples." in section


@pytest.mark.parametrize(("classes", "shift"), [(2, 0), (5, 1), (21, 1), (101, 0)])
def test_what_is_measured_is_in_the_schema(report, predictions_of, classes, shift):
    names = tuple(f"name {one}" for one in range(classes))
    result = measured(predictions_of, classes, names, shift=shift)
    section = Section("prediction_quality", "Prediction quality", result)
    document = json.loads(render_json(replace(report, sections=(section,))))
    schemas.REPORT.validate(document)
    quality = document["sections"][0]["result"]["classification"]
    assert (quality["top"] is None, quality["ranking"] is None) == (classes < 21, classes > 2)
    assert (quality["reordered"] is None) == (shift == 0)
    assert [one["index"] for one in quality["classes"]] == list(range(classes))
    assert "Label among the 5 highest scores: " in section_of(report, result) or classes < 21
