"""A model that is not run: its kernels and its layers as the file describes them."""

import keras
import numpy as np
import pytest

import reportgen
from reportgen.models.graphs.stored_model import describe_stored_weights
from reportgen.models.weights.redraws import draw_initial
from reportgen.reading.loading.load import read_model
from reportgen.reading.loading.weights_only import WeightsOnly


class Twice(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(2, 3, strides=2, name="first"),
            Twice(name="odd"),
            keras.layers.DepthwiseConv2D(3, depthwise_initializer="he_normal", name="second"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(3, trainable=False, name="head"),
        ],
        name="mine",
    )


@pytest.fixture(scope="module", params=["model.keras", "model.h5"])
def path(request, model, tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / request.param
    model.save(path)
    return path


def test_kernels_are_those_of_the_file_with_their_own_initialisers(path, model):
    weights = read_model(path)
    assert isinstance(weights, WeightsOnly)
    described = describe_stored_weights(weights)
    assert [kernel.label for kernel in described.kernels] == ["first", "second", "head"]
    for kernel in described.kernels:
        assert np.array_equal(kernel.values(), model.get_layer(kernel.path).kernel.numpy())
    assert [type(kernel.initializer).__name__ for kernel in described.kernels] == [
        "GlorotUniform",
        "HeNormal",
        "GlorotUniform",
    ]
    drawn = draw_initial(described.kernels[1], seed=0)
    assert drawn is not None
    assert drawn.shape == (3, 3, 2, 1)


def test_layers_are_listed_as_far_as_the_file_describes_them(path):
    weights = read_model(path)
    assert isinstance(weights, WeightsOnly)
    described = describe_stored_weights(weights)
    assert described.summary.name == "mine"
    assert [call.path for call in described.calls] == ["first", "odd", "second", "flat", "head"]
    first, head = described.calls[0], described.calls[-1]
    assert (first.kernel_size, first.strides, first.parameters, first.output_shape) == ((3, 3), (2, 2), 18, None)
    assert (head.trainable, first.trainable) == (False, True)
    assert described.shown(()) == ("first", "second")


def test_a_report_of_weights_alone_says_why_and_skips_what_needs_a_run(path):
    report = reportgen.build_report(path, samples=np.zeros((2, 8, 8, 1), np.uint8))
    assert "Twice is not part of Keras" in report.provenance.not_run
    skipped = {section.name for section in report.sections if hasattr(section, "reason")}
    assert {"sample_predictions", "feature_maps", "attribution"} <= skipped
    assert not {"architecture", "weight_histograms", "filter_grids", "learned"} & skipped
    assert "--custom-objects MODULE" in report.to_html()


def test_weights_without_an_architecture_are_listed_by_their_groups(model, tmp_path):
    model.save_weights(tmp_path / "only.weights.h5")
    weights = read_model(tmp_path / "only.weights.h5")
    assert isinstance(weights, WeightsOnly)
    described = describe_stored_weights(weights)
    assert len(described.kernels) == 3
    assert all(kernel.initializer is None for kernel in described.kernels)
    assert {call.class_name for call in described.calls} == {"unknown"}
