"""The section on prediction quality, for few classes, many, too many and numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from reportgen.measures.classification import regression_errors
from reportgen.rendering.html import render_html
from reportgen.results import Report, Section


def section_of(report: Report, result) -> str:
    section = Section("prediction_quality", "Prediction quality", result)
    page = render_html(replace(report, sections=(section,)))
    return page.split('<section id="prediction_quality"', 1)[1].split("</section>")[0]


def test_the_sentence_has_the_models_numbers(report, predictions_of):
    section = section_of(report, predictions_of(2))
    assert "4 of 5 labelled samples are right: accuracy 80.0% (37.6%–96.4%)." in section
    assert "Always saying <bdi>class 0</bdi> would give 60.0%, the most that one answer can." in section
    assert (
        "Most often confused: <bdi>class 0</bdi> taken for <bdi>class 1</bdi>, 1 time (33.3% of its samples)."
        in section
    )
    assert "The outputs are scores." in section


def test_what_is_inconclusive_is_said_with_the_samples_needed(report):
    page = render_html(report)
    assert "Inconclusive: accuracy is 80.0%; the limit lies within; about 30 samples would decide" in page


@pytest.mark.parametrize("classes", [2, 12])
def test_up_to_12_classes_have_a_table_of_counts_and_shares(report, predictions_of, classes):
    section = section_of(report, predictions_of(classes))
    assert '<table class="numbers confusion" id="prediction_quality-confusion-matrix">' in section
    assert section.count('<td class="r') == (3 if classes == 2 else 5)
    assert re.search(r'<td class="r\d hit">\d\n\d+', section)


@pytest.mark.parametrize("classes", [13, 100])
def test_more_classes_are_a_picture_with_the_largest_confusions_beside_it(report, predictions_of, classes):
    section = section_of(report, predictions_of(classes))
    assert f'alt="Confusion matrix of {classes} classes on 5 samples, labels in rows' in section
    assert "<caption>The 1 most frequent confusions</caption>" in section
    assert "confusion&#34;" not in section


def test_over_100_classes_have_the_largest_confusions_alone(report, predictions_of):
    section = section_of(report, predictions_of(101))
    assert "The confusion matrix of 101 classes is left out" in section
    assert "Largest confusions" in section


def test_bins_and_worst_samples_stand_in_tables(report, predictions_of):
    section = section_of(report, predictions_of(2))
    assert '<tr><th scope="row">86.7%–93.3%</th><td>5</td><td>90.0%</td><td>80.0% (37.6%–96.4%)</td></tr>' in section
    assert '<td class="text" dir="auto">class 4</td><td class="text" dir="auto">class 0</td><td>90.0%</td>' in section


def test_numbers_have_quantiles_of_the_error(report, predictions_of):
    errors = regression_errors(np.array([1.0, 2.0, 4.0]), np.array([1, 2, 3]))
    section = section_of(report, replace(predictions_of(2), classification=None, regression=errors))
    assert "half of the outputs are within 0 of the label and 95% within 0.900" in section
    assert "R² 0.500" in section


def test_alternative_texts_are_long_enough_and_unique(report, predictions_of):
    alternatives = re.findall(r' alt="([^"]*)"', section_of(report, predictions_of(13)))
    assert len(set(alternatives)) == len(alternatives) == 3
    assert all(len(text) >= 20 for text in alternatives)
