"""Class names as people write them, beside folders named after the same classes: a report has the labels of the folders."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from reportgen import build_report
from reportgen.results import origin_of

NAMES = ("cat", "dog", "bird")
"""In the model's order, which is not the alphabet's."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 90 pictures into folders named after the classes; two of each thirty lie in the wrong one."""
    folder, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    lines = np.repeat(np.arange(8) % 2, 2) * 120
    for kind, name in enumerate(NAMES):
        (folder / name).mkdir()
        for place in range(30):
            shown = (kind + 1) % 3 if place < 2 else kind
            drawn: Any = (lines[:, None], lines[None, :], 0)[shown]
            values = 100 + drawn + random.normal(0, 4, (16, 16))
            Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(folder / name / f"{place:02}.png")
    return folder


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Return a network that tells lines that lie, lines that stand and none: it is right by construction."""
    network = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            keras.layers.Conv2D(2, 3, activation="relu", name="edges"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax", name="answer"),
        ]
    )
    edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], "float32")
    network.get_layer("edges").set_weights([np.stack([edge, edge.T], -1)[:, :, None], np.zeros(2, "float32")])
    network.get_layer("answer").set_weights(
        [np.array([[12, 0, 0], [0, 12, 0]], "float32"), np.array([0, 0, 2], "float32")]
    )
    return network


def reported(model: keras.Model, pictures: Path, names: Any) -> Any:
    return build_report(model, pictures, class_names=names, attribution="none", redraws=5)


@pytest.mark.parametrize("lines", [NAMES, ("0 cat", "1 dog", "2 bird"), ("Cat", "DOG", "_bird_")])
def test_names_that_differ_in_number_and_case_are_those_of_the_folders(
    model: keras.Model, pictures: Path, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    (tmp_path / "labels.txt").write_text("\n".join(lines) + "\n")

    report = reported(model, pictures, tmp_path / "labels.txt")

    quality = next(section.result for section in report.sections if section.name == "prediction_quality").classification
    assert (quality.accuracy.successes, quality.accuracy.trials) == (84, 90)
    shown = [one.name for one in quality.classes]
    assert shown == list(lines if lines[0] == "Cat" else NAMES)
    assert not {finding.code for finding in report.findings} & {"class-names-unchecked", "no-better-than-majority"}


def test_names_of_which_no_folder_has_one_are_a_finding_that_explains_the_wrong_answers(
    model: keras.Model, pictures: Path
) -> None:
    report = reported(model, pictures, ("고양이", "개", "새"))

    found = next(finding for finding in report.findings if finding.code == "class-names-unchecked")
    assert found.severity.label == "warning"
    assert found.evidence == {"names": 3}
    assert "the class order could not be checked" in found.message
    wrong = next(finding for finding in report.findings if finding.code == "no-better-than-majority")
    assert origin_of(wrong, report.findings) == found
