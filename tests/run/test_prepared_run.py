"""Models that are built, compiled or given several inputs when they meet their samples."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from fixed_weights import fix_weights
from keras import layers

import reportgen
from reportgen.errors import SamplesError
from reportgen.models.graphs import describe_model
from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import predict, record_calls, run_forward
from reportgen.models.passes.compiled import CompiledPass

IMAGES = np.random.default_rng(2).normal(size=(6, 6, 6, 1)).astype(np.float32)


def sections(report: Any) -> dict[str, Any]:
    return {section.name: section.result for section in report.sections if hasattr(section, "result")}


def probabilities(report: Any) -> list[dict[str, float]]:
    shown = sections(report)["sample_predictions"].shown
    return [{entry.name: entry.probability for entry in sample.top} for sample in shown]


def assert_probabilities(report: Any, expected: np.ndarray) -> None:
    for shown, row in zip(probabilities(report), expected, strict=True):
        assert shown == pytest.approx({f"class {number}": value for number, value in enumerate(row)}, abs=1e-5)


class Swapped(keras.Model):
    """Calls its convolutions in another order than it makes them."""

    def __init__(self) -> None:
        super().__init__(name="swapped")
        self.late = layers.Conv2D(3, 3, name="late")
        self.unused = layers.Dense(4, name="unused")
        self.early = layers.Conv2D(2, 3, name="early", activation="relu")
        self.head = layers.Dense(3, activation="softmax", name="head")

    def call(self, inputs: Any) -> Any:
        return self.head(keras.ops.mean(self.late(self.early(inputs)), axis=(1, 2)))


class Pair(keras.Model):
    """Takes a dictionary of an image and three numbers."""

    def __init__(self) -> None:
        super().__init__(name="pair")
        self.conv = layers.Conv2D(2, 3, name="conv")
        self.head = layers.Dense(3, activation="softmax", name="head")

    def call(self, inputs: Any) -> Any:
        pooled = keras.ops.mean(self.conv(inputs["image"]), axis=(1, 2))
        return {
            "score": pooled[:, :1, None],
            "label": self.head(keras.ops.concatenate([pooled, inputs["meta"]], axis=1)),
        }


def two_inputs() -> Any:
    meta, image = keras.Input((3,), name="meta"), keras.Input((6, 6, 1), name="image")
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, name="conv")(image))
    both = layers.Concatenate()([pooled, meta])
    return fix_weights(keras.Model([meta, image], layers.Dense(3, activation="softmax", name="label")(both)))


META = np.random.default_rng(3).normal(size=(6, 3)).astype(np.float32)


# Unbuilt models


def test_unbuilt_sequential_model_is_built_from_its_samples() -> None:
    model = keras.Sequential([layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(3, "softmax")])
    report = reportgen.build_report(model, IMAGES)
    assert "The model was built from the samples." in report.samples.steps
    assert (report.model.input_shape, report.model.output_shape, report.model.parameters) == ((6, 6, 1), (3,), 20 + 99)
    assert_probabilities(report, model(IMAGES).numpy())
    assert model.inputs[0].shape == (None, 6, 6, 1)


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
def test_file_of_an_unbuilt_model_is_built_from_the_samples(tmp_path: Path) -> None:
    keras.Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)]).save(tmp_path / "unbuilt.keras")
    report = reportgen.build_report(tmp_path / "unbuilt.keras", IMAGES)
    assert report.samples.steps[-2] == "The model was built from the samples."
    assert report.model.parameters == 20 + 99
    assert reportgen.build_report(tmp_path / "unbuilt.keras").model.parameters == 0


@pytest.mark.filterwarnings("ignore:.build().* was called on layer")
def test_unbuilt_subclassed_model_shows_its_layers_in_the_order_of_their_calls() -> None:
    model = Swapped()
    report = reportgen.build_report(model, IMAGES)
    rows = sections(report)["architecture"].layers
    assert [(row.path, row.output_shape, row.receptive_field) for row in rows] == [
        ("early", (4, 4, 2), (3, 3)),
        ("late", (2, 2, 3), (5, 5)),
        ("head", (3,), None),
        ("unused", None, None),
    ]
    # by their definition: window x input channels x output values
    assert [row.multiply_adds for row in rows] == [9 * 1 * 32, 9 * 2 * 12, 9, None]
    assert [layer.name for layer in sections(report)["feature_maps"].layers] == ["early", "late"]
    assert_probabilities(report, model(IMAGES).numpy())


def test_model_that_cannot_be_built_from_its_samples_is_one_line() -> None:
    with pytest.raises(SamplesError, match=r"could not be built from samples of shape \(6, 6\)\. Received: ValueError"):
        reportgen.build_report(keras.Sequential([layers.Conv2D(2, 3), layers.Flatten()]), IMAGES[..., 0])


def test_images_need_a_model_that_was_built(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("L", (6, 6)).save(tmp_path / "a.png")
    with pytest.raises(SamplesError, match=r"images need a model that knows the size of its input\. Received: a model"):
        reportgen.build_report(Swapped(), tmp_path)


@pytest.mark.filterwarnings("ignore:.build().* was called on layer")
def test_built_subclassed_model_keeps_its_order_and_its_weights() -> None:
    model = Swapped()
    model(IMAGES)
    fix_weights(model)
    before = [weight.numpy() for weight in model.weights]
    report = reportgen.build_report(model, IMAGES)
    assert "The model was built from the samples." not in report.samples.steps
    assert [kernel.path for kernel in describe_model(model).kernels] == ["late", "early", "head"]
    assert [grid.label for grid in sections(report)["filter_grids"].grids] == ["early", "late"]
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_rows_inside_a_block_of_a_functional_model_get_their_shapes() -> None:
    @keras.saving.register_keras_serializable("tests")
    class Block(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = layers.Conv2D(4, 3, name="inner")

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    model = keras.Sequential([keras.Input((6, 6, 1)), Block(name="block"), layers.Flatten(), layers.Dense(2)])
    assert next(call.output_shape for call in describe_model(model).calls if call.path == "block/inner") is None
    rows = {row.path: row for row in sections(reportgen.build_report(model, IMAGES))["architecture"].layers}
    assert (rows["block/inner"].output_shape, rows["block/inner"].multiply_adds) == ((4, 4, 4), 9 * 16 * 4)
    assert len(rows) == 4


# Channels first


def first_and_last() -> tuple[Any, Any]:
    """Return one model with its channels first and the same with them last."""
    found = []
    for order, shape, axis in (("channels_first", (2, 8, 8), 1), ("channels_last", (8, 8, 2), -1)):
        parts = [
            layers.Conv2D(4, 3, data_format=order, name="conv"),
            layers.BatchNormalization(axis=axis, name="norm"),
            layers.ReLU(name="relu"),
            layers.Conv2DTranspose(3, 3, strides=2, data_format=order, name="up"),
            layers.DepthwiseConv2D(3, data_format=order, name="depthwise", activation="relu"),
            layers.GlobalAveragePooling2D(data_format=order, name="pool"),
            layers.Dense(3, activation="softmax", name="scores"),
        ]
        found.append(fix_weights(keras.Sequential([keras.Input(shape), *parts])))
    return found[0], found[1]


@pytest.mark.slow
@pytest.mark.dear
def test_compiled_pass_of_a_model_with_channels_first_equals_that_of_the_same_with_channels_last() -> None:
    first, last = first_and_last()
    inputs = np.random.default_rng(4).normal(size=(5, 8, 8, 2)).astype(np.float32)
    moved = np.moveaxis(inputs, -1, 1)
    keep = frozenset({"conv", "up", "depthwise"})
    wanted = run_forward(last, [inputs[:3], inputs[3:]], layers=named_layers(last), keep=keep, keep_samples=4)
    found = run_forward(
        first, [moved[:3], moved[3:]], layers=named_layers(first), keep=keep, keep_samples=4, compiled=True
    )
    np.testing.assert_allclose(found.outputs, wanted.outputs, atol=1e-5)
    assert (found.order, found.sources) == (wanted.order, wanted.sources)
    for name in keep:
        np.testing.assert_allclose(found.kept[name], wanted.kept[name], atol=1e-5)
    assert found.statistics.keys() == wanted.statistics.keys()
    for name, statistics in wanted.statistics.items():
        np.testing.assert_allclose(found.statistics[name].maximum, statistics.maximum, atol=1e-5)
        np.testing.assert_allclose(found.statistics[name].mean, statistics.mean, atol=1e-5)
    np.testing.assert_allclose(found.moments["norm"].mean, wanted.moments["norm"].mean, atol=1e-5)
    np.testing.assert_allclose(predict(first, [moved], compiled=True), wanted.outputs, atol=1e-5)
    assert [path for path, layer in named_layers(first).items() if "call" in vars(layer)] == []


def test_no_wrapper_stays_after_a_compiled_pass_that_failed() -> None:
    first, _ = first_and_last()
    with pytest.raises(ValueError, match="incompatible"):
        CompiledPass(first, named_layers(first)).run(np.zeros((1, 5, 8, 8), np.float32), print)
    assert [path for path, layer in named_layers(first).items() if "call" in vars(layer)] == []


_SCRIPT = """
import sys
import numpy as np
sys.path[:0] = sys.argv[1:]
from test_prepared_run import first_and_last, probabilities, sections
import reportgen
first, last = first_and_last()
inputs = np.random.default_rng(4).normal(size=(5, 8, 8, 2)).astype(np.float32)
report, expected = reportgen.build_report(first, np.moveaxis(inputs, -1, 1)), reportgen.build_report(last, inputs)
assert any("compiled (XLA)" in step for step in report.samples.steps), report.samples.steps
for one, other in zip(probabilities(report), probabilities(expected), strict=True):
    assert all(abs(one[name] - other[name]) < 1e-5 for name in other)
for one, other in zip(sections(report)["feature_maps"].layers, sections(expected)["feature_maps"].layers, strict=True):
    np.testing.assert_allclose(one.samples[0].grid.images, other.samples[0].grid.images, atol=1e-4)
skipped = {section.name: section.reason for section in report.sections if hasattr(section, "reason")}
assert "channels-first" in skipped["attribution"], skipped
print("done")
"""


@pytest.mark.slow
def test_model_with_channels_first_is_compiled_where_the_eager_kernels_fail() -> None:
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0"}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *map(str, Path(__file__).parents[:2])],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip().endswith("done"), done.stderr[-2000:]


# Several inputs and outputs


def test_inputs_given_by_name_are_passed_along() -> None:
    model = two_inputs()
    report = reportgen.build_report(model, {"image": IMAGES, "meta": META}, labels=[0, 1, 2, 0, 1, 2], select="first:6")
    assert_probabilities(report, model([META, IMAGES]).numpy())
    assert report.samples.shape == (6, 6, 1)
    assert 'Input "image" of 2: array in memory, shown as the picture.' in report.samples.steps
    maps = sections(report)["feature_maps"].layers[0]
    assert maps.name == "conv"
    assert sections(report)["attribution"].other_inputs


def test_order_of_the_samples_is_the_same_for_all_inputs() -> None:
    model = two_inputs()
    expected = model([META, IMAGES]).numpy()
    labels = expected.argmin(axis=1)
    hardest = np.argsort(expected[np.arange(6), labels])[:3]
    report = reportgen.build_report(model, ({"image": IMAGES, "meta": META}, labels), select="hardest:3")
    assert report.samples.shown == tuple(hardest)
    assert_probabilities(report, expected[hardest])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"image": IMAGES},
            r"every input of the model, meta, image\. Received: none for meta\. Give --samples meta=SOURCE\.",
        ),
        ({"image": IMAGES, "mask": META}, r"the model's inputs, meta, image\. Received: mask\."),
        (IMAGES, r"Received: a source without a name\. Give --samples meta=SOURCE --samples image=SOURCE\."),
        (
            {"image": IMAGES, "meta": META[:4]},
            r"every input needs as many samples\. Received: 6 for image .* and 4 for meta",
        ),
        (
            {"image": IMAGES, "meta": META[:, :2]},
            r"samples must match the model's input \(3,\)\. Received: shape \(2,\)",
        ),
    ],
)
def test_wrong_inputs_are_one_line(given: Any, message: str) -> None:
    with pytest.raises(SamplesError, match=message) as caught:
        reportgen.build_report(two_inputs(), given)
    assert "\n" not in str(caught.value)


def test_dictionary_goes_to_a_subclassed_model_as_it_is() -> None:
    model = Pair()
    report = reportgen.build_report(model, {"meta": META, "image": IMAGES})
    assert_probabilities(report, model({"meta": META, "image": IMAGES})["label"].numpy())
    assert 'Output "label" of 2: predictions are read from this one.' in report.samples.steps


def test_first_output_with_class_scores_gives_the_predictions() -> None:
    image = keras.Input((6, 6, 1))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, name="conv")(image))
    outputs = [layers.Dense(1, name="age")(pooled), layers.Dense(3, activation="softmax", name="label")(pooled)]
    model = fix_weights(keras.Model(image, outputs))
    report = reportgen.build_report(model, IMAGES)
    assert report.model.output_shape == (3,)
    assert_probabilities(report, model(IMAGES)[1].numpy())
    assert 'Output "label" of 2: predictions are read from this one.' in report.samples.steps
    assert "attribution" in sections(report)
    assert model.outputs[0].shape == (None, 1)


def test_command_line_takes_inputs_by_name_and_the_page_repeats_it(tmp_path: Path, monkeypatch: Any) -> None:
    from reportgen.cli.app import run

    monkeypatch.chdir(tmp_path)
    two_inputs().save("two.keras")
    np.savez("a.npz", x=IMAGES[:4], y=[0, 1, 2, 0])
    np.savez("b.npz", x=IMAGES[4:], y=[1, 2])
    np.save("meta.npy", META)
    given = ["--samples", "image=a.npz", "--samples", "image=b.npz", "--samples", "meta=meta.npy"]
    assert run(["build", "two.keras", *given, "--json", "r.json", "--quiet", "--select", "first:6"]) == 0
    page = Path("report.html").read_text(encoding="utf-8")
    command = f"reportgen build two.keras {' '.join(given)} --select first:6"
    assert command in page
    assert run(["build", "two.keras", "--samples", "image=a.npz", "--samples", "mask=meta.npy", "--quiet"]) == 4


def test_several_sources_are_put_one_after_the_other(demo_model_path: Path, tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (7, 28, 28), np.uint8)
    np.savez(tmp_path / "a.npz", x=images[:3], y=[3, 1, 4])
    np.savez(tmp_path / "b.npz", x=images[3:], y=[1, 5, 9, 2])
    parts = [tmp_path / "a.npz", tmp_path / "b.npz"]
    joined = reportgen.build_report(demo_model_path, parts, select="6,0,3")
    whole = reportgen.build_report(demo_model_path, (images, [3, 1, 4, 1, 5, 9, 2]), select="6,0,3")
    assert probabilities(joined) == probabilities(whole)
    assert [sample.label for sample in sections(joined)["sample_predictions"].shown] == [
        "class 2",
        "class 3",
        "class 1",
    ]
    assert (joined.samples.total, joined.samples.source) == (7, "a.npz, array x; b.npz, array x")
    assert "2 sources were concatenated." in joined.samples.steps
    np.save(tmp_path / "c.npy", images.astype(np.float32))
    with pytest.raises(SamplesError, match=r"several --samples must be alike\. Received: dtype uint8 in a\.npz"):
        reportgen.build_report(demo_model_path, [parts[0], tmp_path / "c.npy"])


# Streams


def dataset(*, batch: int | None, labelled: bool = True) -> Any:
    parts = (IMAGES, np.arange(6) % 3) if labelled else IMAGES
    found = tf.data.Dataset.from_tensor_slices(parts)
    return found if batch is None else found.batch(batch)


@pytest.fixture(scope="module")
def small_model() -> Any:
    parts = [layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(3, activation="softmax")]
    return fix_weights(keras.Sequential([keras.Input((6, 6, 1)), *parts]))


@pytest.mark.parametrize("batch", [None, 4])
@pytest.mark.parametrize("labelled", [True, False])
def test_datasets_are_read(small_model: Any, batch: int | None, labelled: bool) -> None:
    report = reportgen.build_report(small_model, dataset(batch=batch, labelled=labelled), select="first:6")
    assert_probabilities(report, small_model(IMAGES).numpy())
    assert report.samples.source == "tf.data.Dataset"
    assert report.samples.labelled == labelled


@pytest.mark.parametrize("shape", [(6, 6, 1), (6, 6), (1, 6, 6, 1), (2, 6, 6)])
def test_generators_of_samples_and_of_batches_are_read(small_model: Any, shape: tuple[int, ...]) -> None:
    def yielded() -> Iterator[np.ndarray]:
        size = shape[0] if len(shape) == 4 or shape[0] == 2 else 1
        for start in range(0, 6, size):
            yield IMAGES[start : start + size].reshape(shape)

    report = reportgen.build_report(small_model, yielded(), select="first:6")
    assert_probabilities(report, small_model(IMAGES).numpy())
    assert report.samples.source == "generator"


def test_endless_stream_is_read_to_the_limit(small_model: Any) -> None:
    report = reportgen.build_report(small_model, dataset(batch=4).repeat(), max_evaluated=10)
    assert (report.samples.total, report.samples.evaluated) == (10, 10)
    assert "Reading stopped after 10 samples (--max-evaluated)." in report.samples.steps


def test_selection_by_loss_sees_a_whole_dataset(small_model: Any) -> None:
    expected = -np.log(small_model(IMAGES).numpy()[np.arange(6), np.arange(6) % 3])
    report = reportgen.build_report(small_model, dataset(batch=2), max_evaluated=2, select="hardest:1")
    assert report.samples.shown == (int(np.argmax(expected)),)


def test_dataset_of_dictionaries_goes_to_the_inputs_by_name() -> None:
    model = two_inputs()
    rows = tf.data.Dataset.from_tensor_slices(({"image": IMAGES, "meta": META}, np.arange(6) % 3))
    for found in (rows, rows.batch(4)):
        report = reportgen.build_report(model, found, select="first:6")
        assert_probabilities(report, model([META, IMAGES]).numpy())
        assert report.samples.labelled


def test_empty_and_ragged_streams_are_one_line(small_model: Any) -> None:
    with pytest.raises(SamplesError, match=r"There are no samples\. Received: a generator that yields nothing"):
        reportgen.build_report(small_model, (image for image in IMAGES[:0]))
    with pytest.raises(SamplesError, match="must be of one shape") as caught:
        reportgen.build_report(small_model, iter([IMAGES[0], IMAGES[1, :5]]))
    assert "\n" not in str(caught.value)


def test_recorded_calls_name_every_call_of_a_shared_layer(shared_model: Any) -> None:
    recorded = record_calls(shared_model, np.zeros((1, 6, 6, 2), np.float32), named_layers(shared_model))
    assert [(call.path, call.output_shape) for call in recorded.calls] == [("shared", (4, 4, 2)), ("shared", (2, 2, 2))]
    assert [call.receptive_field for call in recorded.calls] == [(3, 3), (5, 5)]
