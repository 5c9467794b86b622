"""Files of Keras 2.0 to 2.15 compute what they computed when they were saved, and every change is said."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from reportgen.errors import ModelError
from reportgen.reading.loading.load import LoadedModel, read_model
from reportgen.reading.loading.weights_only import WeightsOnly
from reportgen.reading.rewriting.rewrite import Readable, make_readable

FIXTURES = Path(__file__).parent / "fixtures"
TOLERANCE = 1e-5
HALF_TOLERANCE = 1e-2

# File: sentences, or their beginnings, that must be among the rewrites
RESCUED = {
    "compiled-2.9.3.h5": [],
    "compiled-2.15.1.keras": [],
    "convolutions-2.15.1.keras": [
        "The module paths of Keras 2.15.0 were replaced by those of Keras 3.",
        "Arguments that Keras 3 does not accept were dropped: DepthwiseConv2D groups, SeparableConv2D groups, ",
    ],
    "convolutions-2.9.3.h5": ["Arguments that Keras 3 does not accept were dropped: DepthwiseConv2D groups, "],
    "one_and_three_dimensions-2.15.1.keras": ["Arguments that Keras 3 does not accept were dropped: SeparableConv1D "],
    "nested-2.15.1.keras": [
        "The calls of nested models were numbered from 0, as in Keras 3: ",
        "An axis given as a list was unpacked: inner/sequential/batch_normalization, sequential/batch_normalization.",
    ],
    "nested-2.4.4.h5": ["The calls of nested models were numbered from 0, as in Keras 3: "],
    "nested-keras-2.2.4.h5": ["The calls of nested models were numbered from 0, as in Keras 3: sequential_1."],
    "branches-2.12.1.keras": ["The calls of nested models were numbered from 0, as in Keras 3: inner."],
    "branches-2.4.4.h5": [],
    "frozen-2.4.4.h5": ["The calls of nested models were numbered from 0, as in Keras 3: backbone."],
    "slashes-2.15.1.keras": ["In names of layers, / was replaced by _: in/put, block/conv, block/norm."],
    "slashes-2.4.4.h5": ["In names of layers, / was replaced by _: in/put, block/conv, block/norm."],
    "attention-2.15.1.keras": ["Arguments that Keras 3 does not accept were dropped: MultiHeadAttention query_shape, "],
    "attention-2.9.3.h5": ["An axis given as a list was unpacked: layer_normalization."],
    "recurrent-2.4.4.h5": [
        "Arguments that Keras 3 does not accept were dropped: LSTM time_major, LSTM implementation, "
    ],
    "recurrent-keras-2.1.2.h5": [
        "GRU keeps the reset gate before the product, as before Keras 2.1.3: gru_1.",
        "hard_sigmoid keeps the definition of Keras 2, min(max(0.2 x + 0.5, 0), 1): bidirectional_1/lstm_1, gru_1.",
    ],
    "time_distributed-2.4.4.h5": [
        "hard_sigmoid keeps the definition of Keras 2, min(max(0.2 x + 0.5, 0), 1): conv_lst_m2d."
    ],
    "operations-2.12.1.keras": ["Operations of TensorFlow were replaced by those of Keras 3: tf.math.negative, "],
    "operations-2.4.4.h5": ["Operations of TensorFlow were replaced by those of Keras 3: tf.math.negative, "],
    "tf_op_layers-2.3.4.h5": [
        "Operations of TensorFlow were replaced by those of Keras 3: tf.math.multiply, tf.math.subtract, tf.nn.relu, "
    ],
    "slices-2.9.3.h5": ["Operations of TensorFlow were replaced by those of Keras 3: tf.reshape, "],
    "mixed-2.15.1.keras": ["The data type policy of Keras 2 was rewritten to its name: mixed_float16."],
    "mixed-2.4.4.h5": ["The data type policy of Keras 2 was rewritten to its name: mixed_float16."],
    "changed-2.15.1.keras": [
        "hard_sigmoid keeps the definition of Keras 2, min(max(0.2 x + 0.5, 0), 1): conv2d, activation, lstm."
    ],
    "changed-2.9.3.h5": [
        "hard_sigmoid keeps the definition of Keras 2, min(max(0.2 x + 0.5, 0), 1): conv2d, activation, lstm.",
        "Several axes were kept that Keras 3 drops when it reads an .h5 file: softmax.",
    ],
    "normalisation-2.15.1.keras": [],
    "normalisation-2.9.3.h5": [],
    "augmented-2.12.1.h5": [],
    "augmented-2.15.1.keras": [],
    "several-2.15.1.keras": [],
    "several-2.9.3.h5": [],
    "dictionary-2.9.3.h5": [],
    "deferred-2.15.1.keras": [],
    "deferred-2.4.4.h5": [],
    "lenet-keras-2.0.9.h5": ["The Sequential model's list of layers was wrapped in a configuration."],
}


def outputs_of(model: Any, arrays: Any) -> list[np.ndarray]:
    inputs = [arrays[key] for key in sorted(arrays) if key.startswith("x")]
    if {tensor.name for tensor in model.inputs} == {"left", "right"} and inputs[0].ndim == 2:  # a dictionary
        inputs = dict(zip(("left", "right"), inputs, strict=True))
    elif len(inputs) == 1:
        inputs = inputs[0]
    return [np.asarray(output) for output in keras.tree.flatten(model(inputs, training=False))]


@pytest.mark.parametrize("name", RESCUED)
def test_old_file_computes_what_it_computed(name: str) -> None:
    loaded = read_model(FIXTURES / name)
    arrays = np.load(FIXTURES / f"{name.rsplit('.', 1)[0]}.npz")
    expected = [arrays[key] for key in sorted(arrays) if key.startswith("y")]
    outputs = outputs_of(loaded.model, arrays)
    assert len(outputs) == len(expected) > 0
    tolerance = HALF_TOLERANCE if name.startswith("mixed") else TOLERANCE
    for output, wanted in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(output, wanted, rtol=tolerance, atol=tolerance * max(1, np.abs(wanted).max()))
    for sentence in RESCUED[name]:
        assert any(rewrite.startswith(sentence) for rewrite in loaded.rewrites), loaded.rewrites


@pytest.mark.parametrize("name", RESCUED)
def test_version_of_the_saving_keras_is_told(name: str) -> None:
    version = read_model(FIXTURES / name).keras_version
    assert version is not None
    assert version.startswith("2.")


@pytest.mark.parametrize("name", ["channels_first-2.15.1.keras", "channels_first-2.9.3.h5"])
def test_channels_first_computes_what_channels_last_does(name: str) -> None:
    import tensorflow as tf

    model = read_model(FIXTURES / name).model
    values = np.load(FIXTURES / f"{name.rsplit('.', 1)[0]}.npz")["x0"]
    last = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(2, 3),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    last.set_weights(model.get_weights())
    run = tf.function(lambda x: model(x, training=False), jit_compile=True)
    np.testing.assert_allclose(run(values), last(values.transpose(0, 2, 3, 1)), atol=TOLERANCE)


def test_removed_layers_leave_a_report_on_the_weights() -> None:
    result = read_model(FIXTURES / "gone-2.9.3.h5")
    assert isinstance(result, WeightsOnly)
    assert result.reasons == (
        "layer 'thresholded_re_lu': ThresholdedReLU is no longer part of Keras 3",
        "layer 'locally_connected2d': LocallyConnected2D is no longer part of Keras 3",
    )
    assert result.options == ()
    assert result.kind == "Sequential"
    assert result.keras_version == "2.9.0"
    kernels = {kernel.path: kernel for kernel in result.kernels}
    assert list(kernels) == ["conv2d", "locally_connected2d"]
    assert (kernels["conv2d"].kind, kernels["conv2d"].values.shape) == ("convolution", (3, 3, 1, 2))
    assert kernels["conv2d"].initializer["class_name"] == "GlorotUniform"
    assert (kernels["locally_connected2d"].kind, kernels["locally_connected2d"].values.shape) == ("dense", (9, 8, 2))
    assert "Only its weights can be reported" in result.message


def test_lambda_of_keras_2_is_not_run() -> None:
    result = read_model(FIXTURES / "with_lambda-2.15.1.keras")
    assert isinstance(result, WeightsOnly)
    assert result.options == ("--allow-custom-code",)
    assert [kernel.path for kernel in result.kernels] == ["conv2d"]


def outcome_of(path: Path) -> LoadedModel | WeightsOnly | str:
    """Return the model, or the line that an error says; any other error is a failure."""
    try:
        return read_model(path, memory_limit=1 << 30)
    except ModelError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_file_is_one_line_or_a_model(tmp_path: Path, seed: int) -> None:
    """Fifty files each: cut off, bits turned over, values of the configuration changed."""
    random = np.random.default_rng(seed)
    names = sorted(RESCUED)
    for number in range(50):
        content = bytearray((FIXTURES / names[random.integers(len(names))]).read_bytes())
        kind = number % 3
        if kind == 0:
            content = content[: random.integers(1, len(content))]
        elif kind == 1:
            for place in random.integers(0, len(content), 8):
                content[place] ^= 1 << random.integers(8)
        else:
            digits = [place for place, byte in enumerate(content) if chr(byte) in "0123456789"]
            for place in random.choice(digits, 4):
                content[place] = ord("0") + random.integers(10)
        path = tmp_path / f"{number}.h5"
        path.write_bytes(content)
        outcome = outcome_of(path)
        assert isinstance(outcome, (LoadedModel, WeightsOnly)) or (outcome.isprintable() and len(outcome) < 700)


def op_layer(op: str, constants: dict[str, Any], **attributes: Any) -> Readable:
    """Return a model of one TensorFlowOpLayer, rewritten."""
    node = {"name": op, "op": op, "input": ["in"], "attr": attributes}
    layers: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "name": "in", "config": {"name": "in", "batch_input_shape": [None, 3]}},
        {
            "class_name": "TensorFlowOpLayer",
            "name": "op",
            "config": {"name": op, "node_def": node, "constants": constants},
            "inbound_nodes": [[["in", 0, 0, {}]]],
        },
    ]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["op", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}}
    return make_readable(config, keras_version="2.3.0-tf")


@pytest.mark.parametrize(
    ("op", "constants", "reason"),
    [
        ("ReadFile", {}, "tf.TensorFlowOpLayer (raw_ops.ReadFile)"),
        ("Reshape", {}, "tf.TensorFlowOpLayer (a shape that is computed)"),
        ("ConcatV2", {"1": "x"}, "tf.TensorFlowOpLayer (an axis that is computed)"),
        ("StridedSlice", {}, "tf.TensorFlowOpLayer (a slice by something else than numbers)"),
    ],
)
def test_operation_that_is_not_listed_is_named_and_not_run(op: str, constants: dict[str, Any], reason: str) -> None:
    readable = op_layer(op, constants)
    assert [obstacle.sentence for obstacle in readable.obstacles] == [
        f"layer 'op': {reason} is without a counterpart in Keras 3"
    ]
