"""Batch normalisations among the arrays of files whose model is not run."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

import reportgen
from reportgen.reading import StoredNormalization, WeightsOnly, read_model

FIXTURES = Path(__file__).parent.parent / "fixtures"


def model_of_two() -> keras.Model:
    """Return a model with two batch normalisations: one as it began, one with a negative variance and a collapsed scale."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(8, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(16, 3),
            layers.BatchNormalization(name="second"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    gamma, beta, mean, variance = model.layers[4].get_weights()
    places = np.arange(16)
    model.layers[4].set_weights([np.where(places == 5, 0, gamma), beta, mean + 1, np.where(places == 3, -1, variance)])
    return model


def stored(path: Path) -> dict[str, StoredNormalization]:
    read = read_model(path)
    assert isinstance(read, WeightsOnly)
    return {each.path.rsplit("/", 1)[-1]: each for each in read.normalizations}


@pytest.mark.parametrize("name", ["model.weights.h5", "legacy.h5"])
def test_a_file_of_weights_is_audited(tmp_path: Path, name: str) -> None:
    model = model_of_two()
    if name == "legacy.h5":
        model.save(tmp_path / "whole.h5")
        with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(tmp_path / name, "w") as weights:
            for group in whole["model_weights"]:
                whole.copy(f"model_weights/{group}", weights)
            weights.attrs.update(whole["model_weights"].attrs)
    else:
        model.save_weights(tmp_path / name)
    report = reportgen.build_report(tmp_path / name)
    found = {(finding.code, finding.subject.rsplit("/", 1)[-1]): finding for finding in report.findings}
    first = next(subject for code, subject in found if code == "never-updated-statistics")
    assert first.startswith("batch_normalization")
    assert found["negative-variance", "second"].evidence == {"negative": 1, "channels": 16}
    assert found["collapsed-gammas", "second"].evidence == {"collapsed": 1, "channels": 16, "share": 1 / 16}
    assert "has no BatchNormalization layer" not in report.to_html()


def test_a_checkpoint_has_its_statistics(tmp_path: Path) -> None:
    with zipfile.ZipFile(FIXTURES / "nested-2.15.1.savedmodel.zip") as archive:
        archive.extractall(tmp_path)
    found = stored(tmp_path / "variables" / "variables.index")
    assert found
    assert all(
        each.mean.shape == each.variance.shape == each.gamma.shape for each in found.values() if each.gamma is not None
    )


@pytest.mark.parametrize(
    ("scale", "center", "has_gamma"), [(True, True, True), (False, True, False), (False, False, False)]
)
def test_gamma_is_known_where_the_file_tells_it_from_beta(
    tmp_path: Path, scale: bool, center: bool, has_gamma: bool
) -> None:
    layer = layers.BatchNormalization(scale=scale, center=center)
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(4, 3), layer])
    model.save_weights(tmp_path / "m.weights.h5")
    (found,) = stored(tmp_path / "m.weights.h5").values()
    assert found.mean.tolist() == [0, 0, 0, 0]
    assert found.variance.tolist() == [1, 1, 1, 1]
    assert (found.gamma is not None) == has_gamma


def test_a_model_with_custom_code_has_its_normalisations_audited(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(center=False, name="norm")]
    )
    model.add(layers.Lambda(lambda x: x))
    model.save(tmp_path / "m.keras")
    (found,) = stored(tmp_path / "m.keras").values()
    assert (found.path, found.gamma.tolist() if found.gamma is not None else None) == ("norm", [1, 1, 1, 1])


def test_an_architecture_alone_is_not_said_to_have_no_kernel_and_no_convolution(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(json.loads(model_of_two().to_json())))
    report = reportgen.build_report(tmp_path / "m.json")
    reasons = {section.name: section.reason for section in report.sections if hasattr(section, "reason")}
    nothing = "The file holds an architecture without weights, so there is nothing to analyse."
    assert [reasons[name] for name in ("weight_histograms", "learned", "filter_grids")] == [nothing] * 3
    assert "0 parameters" not in report.to_html()
    assert "no stored weights" in report.to_html()
