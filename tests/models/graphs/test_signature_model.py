"""Predictions of a SavedModel's signature: by its graph alone, after that was looked through."""

import contextlib
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import reportgen
from reportgen.api import build_report
from reportgen.cli.inspection import inspect_model
from reportgen.errors import ForwardError, ModelError
from reportgen.models.graphs import model_inputs
from reportgen.models.graphs.signature_model import SignatureModel, with_signature
from reportgen.models.graphs.stored_model import describe_stored_weights
from reportgen.reading.containers.serving import Serving
from reportgen.reading.loading.load import read_model
from reportgen.reading.loading.weights_only import WeightsOnly

FIXTURES = Path(__file__).parents[2] / "reading" / "fixtures"
GENERATOR = np.random.default_rng(2)
IMAGES = GENERATOR.normal(size=(5, 6, 6, 1)).astype(np.float32)
LIMIT = 1 << 30


def network() -> Any:
    inputs = keras.Input((6, 6, 1), name="image")
    outputs = layers.Conv2D(3, 3, activation="relu", name="conv")(layers.BatchNormalization(name="norm")(inputs))
    scores = layers.Dense(2, activation="softmax", name="scores")(layers.Flatten()(outputs))
    model = keras.Model(inputs, scores)
    model.set_weights([GENERATOR.uniform(0.1, 1, weight.shape).astype(np.float32) for weight in model.weights])
    return model


class Program(tf.Module):
    """A signature that does what it is told to."""

    def __init__(self, compute: Callable[[Any], Any], shape: Any = (None, 6, 6, 1), dtype: Any = tf.float32) -> None:
        super().__init__()
        self.kernel = tf.Variable(np.ones((3, 3, 1, 2), np.float32), name="kernel")
        self.serve = tf.function(
            lambda image: {"out": compute(self, image)}, input_signature=[tf.TensorSpec(shape, dtype, name="image")]
        )


def saved(folder: Path, compute: Callable[[Any, Any], Any], **given: Any) -> WeightsOnly:
    program = Program(compute, **given)
    tf.saved_model.save(program, str(folder / "program"), signatures={"serving_default": program.serve})
    found = read_model(folder / "program")
    assert isinstance(found, WeightsOnly)
    return found


def mean_of_maps(program: Any, image: Any) -> Any:
    return tf.reduce_mean(tf.nn.conv2d(tf.cast(image, tf.float32), program.kernel, 1, "VALID"), [1, 2])


def runnable(path: Path) -> Serving:
    found = read_model(path)
    assert isinstance(found, WeightsOnly)
    assert found.serving is not None
    return found.serving


@pytest.mark.dear
@pytest.mark.parametrize("export", [True, False])
def test_a_signature_predicts_what_the_model_did(export: bool, tmp_path: Path) -> None:
    model, folder = network(), tmp_path / "saved"
    model.export(str(folder), verbose=False) if export else tf.saved_model.save(model, str(folder))
    found = SignatureModel(runnable(folder), name="saved", memory_limit=LIMIT)(IMAGES)
    np.testing.assert_allclose(found["output_0"], model(IMAGES), atol=1e-6)


def test_a_subclassed_model_of_keras_2_predicts_what_it_did(tmp_path: Path) -> None:
    with zipfile.ZipFile(FIXTURES / "subclassed-2.15.1.savedmodel.zip") as archive:
        archive.extractall(tmp_path / "subclassed")
    folder = next(path.parent for path in (tmp_path / "subclassed").rglob("saved_model.pb"))
    arrays = np.load(FIXTURES / "subclassed-2.15.1.savedmodel.npz")
    model = SignatureModel(runnable(folder), name="subclassed", memory_limit=LIMIT)
    (found,) = model(arrays["x0"]).values()
    np.testing.assert_allclose(found, arrays["y0"], atol=1e-5)


def test_a_report_has_predictions_and_says_why_nothing_else(tmp_path: Path) -> None:
    model = network()
    model.export(str(tmp_path / "exported"), verbose=False)
    expected = np.asarray(model(IMAGES))
    report = reportgen.build_report(tmp_path / "exported", IMAGES, labels=expected.argmax(axis=1), scale="none")
    sections = {section.name: section for section in report.sections}
    shown = sections["sample_predictions"].result.shown[0]
    index = shown.index
    assert shown.top[0].probability == pytest.approx(expected[index].max(), abs=1e-6)
    assert sections["prediction_quality"].result.classification.accuracy.successes == 5
    why = (
        "exported cannot be inspected. Received: a SavedModel without a Sequential or functional architecture is a "
        "plain TensorFlow graph. With --samples it shows the predictions of its signature 'serving_default'."
    )
    skipped = {name: section.reason for name, section in sections.items() if hasattr(section, "reason")}
    inside = ("concepts", "feature_maps", "channel_activity", "batch_normalization", "filter_responses", "attribution")
    assert {name: skipped[name] for name in inside} == dict.fromkeys(inside, why)
    assert skipped.keys() - set(inside) == {
        "training",
        "robustness",
        "shortcuts",
        "slices",
        "sample_map",
    }  # without an optimiser, with pictures of 6 pixels
    assert (report.model.input_shape, report.model.output_shape) == ((6, 6, 1), (2,))
    assert report.provenance.not_run == why
    (sentence,) = report.provenance.custom_code
    assert sentence.startswith("The graph of its signature 'serving_default', whose ")
    assert sentence.endswith(" kinds of operations do nothing but compute.")
    assert "predictions of its signature" in report.to_html()


def test_without_samples_no_graph_is_run(tmp_path: Path) -> None:
    network().export(str(tmp_path / "exported"), verbose=False)
    report = reportgen.build_report(tmp_path / "exported")
    assert report.provenance.custom_code == ()
    assert report.model.input_shape is None


def test_inspection_says_that_there_are_predictions(tmp_path: Path) -> None:
    network().export(str(tmp_path / "exported"), verbose=False)
    assert inspect_model(tmp_path / "exported").decision == "weights and predictions only"


@pytest.mark.parametrize(
    ("compute", "operation"),
    [
        (lambda _, image: touch(image), "WriteFile"),
        (lambda _, image: image + tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32), "ReadFile"),
        (lambda _, image: tf.ensure_shape(tf.py_function(abs, [image], tf.float32), image.shape), "EagerPyFunc"),
        (lambda _, image: tf.cond(tf.reduce_sum(image) > 0, lambda: touch(image), lambda: image), "WriteFile"),
        (lambda _, image: tf.map_fn(touch, image), "WriteFile"),
    ],
)
def test_a_graph_that_does_more_than_compute_is_never_run(
    compute: Callable[[Any, Any], Any], operation: str, tmp_path: Path
) -> None:
    found = saved(tmp_path, compute)
    assert found.serving is None
    assert f"the graph of its signature 'serving_default' does more than compute: {operation}" in found.message
    assert "Only its weights can be reported." in found.message


def touch(image: Any) -> Any:
    with tf.control_dependencies([tf.io.write_file("touched.txt", "x")]):
        return tf.identity(image)


def test_what_no_output_needs_is_not_run(tmp_path: Path) -> None:
    class Loud(Program):
        @tf.function(input_signature=[])
        def shout(self) -> Any:
            return touch(tf.zeros(()))

    program = Loud(mean_of_maps)
    tf.saved_model.save(program, str(tmp_path / "loud"), signatures={"serving_default": program.serve})
    model = SignatureModel(runnable(tmp_path / "loud"), name="loud", memory_limit=LIMIT)
    np.testing.assert_allclose(model(np.ones((1, 6, 6, 1)))["out"], [[9, 9]])


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((2, 6, 6, 1), "'image' of its signature has no free batch axis: shape (2, 6, 6, 1)"),
        (None, "'image' of its signature has no free batch axis: shape unknown"),
    ],
)
def test_an_input_without_a_batch_axis_is_not_run(shape: Any, reason: str, tmp_path: Path) -> None:
    assert reason in saved(tmp_path, lambda _, image: tf.ones([4, 2]) * tf.reduce_sum(image), shape=shape).message


def test_several_inputs_are_given_by_name(tmp_path: Path) -> None:
    image, extra = keras.Input((6, 6, 1), name="image"), keras.Input((2,), name="extra")
    both = layers.Concatenate()([layers.Flatten()(layers.Conv2D(2, 3, name="conv")(image)), extra])
    model = keras.Model({"image": image, "extra": extra}, layers.Dense(3, activation="softmax")(both))
    model.export(str(tmp_path / "two"), verbose=False)
    found = read_model(tmp_path / "two")
    assert isinstance(found, WeightsOnly)
    assert found.serving is not None
    described = with_signature(describe_stored_weights(found), found.serving, name="two", memory_limit=LIMIT)
    assert described.summary.input_shape == (6, 6, 1)  # the picture's
    assert [one.name for one in model_inputs(described.model)] == ["extra", "image"]
    given = {"image": IMAGES, "extra": GENERATOR.normal(size=(5, 2)).astype(np.float32)}
    (answers,) = described.model(given).values()
    np.testing.assert_allclose(answers, model(given), atol=1e-6)
    report = build_report(tmp_path / "two", given, labels=np.zeros(5, int), attribution="none", config={})
    assert report.samples is not None
    assert report.samples.evaluated == 5


def test_of_several_signatures_only_the_default_one_is_run(tmp_path: Path) -> None:
    program = Program(mean_of_maps)
    for names, runs in ((("a", "serving_default"), True), (("a",), True), (("a", "b"), False), ((), False)):
        folder = tmp_path / "-".join(("saved", *names))
        tf.saved_model.save(program, str(folder), signatures=dict.fromkeys(names, program.serve))
        found = read_model(folder)
        assert isinstance(found, WeightsOnly)
        assert (found.serving is not None) is runs
        if not runs:
            listed = (
                "it has 2 signatures (a, b), none of which is 'serving_default'" if names else "it has no signature"
            )
            assert listed in found.message


def test_whole_numbers_are_wanted_where_the_signature_takes_them(tmp_path: Path) -> None:
    serving = saved(tmp_path, mean_of_maps, dtype=tf.uint8).serving
    assert serving is not None
    model = SignatureModel(serving, name="program", memory_limit=LIMIT)
    np.testing.assert_allclose(model(np.full((1, 6, 6, 1), 3.0))["out"], [[27, 27]])
    with pytest.raises(ForwardError, match="takes uint8, and the values were scaled; --scale none leaves them"):
        model(np.full((1, 6, 6, 1), 0.5))


def test_a_tensor_larger_than_the_limit_is_refused_before_it_is_made(tmp_path: Path) -> None:
    found = saved(tmp_path, lambda _, image: tf.reduce_sum(tf.zeros([30_000, 30_000])) + tf.reduce_sum(image, [1, 2]))
    assert found.serving is not None
    described = describe_stored_weights(found)
    with pytest.raises(ModelError, match=r"needs more memory than allowed. Received: 3.4 GiB for "):
        with_signature(described, found.serving, name="program", memory_limit=LIMIT)
    assert with_signature(described, found.serving, name="program", memory_limit=4 << 30).outputs_only


@pytest.mark.dear
def test_a_loop_without_an_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.models.graphs.signature_model._SECONDS", 1)
    endless = saved(
        tmp_path, lambda _, image: tf.while_loop(lambda x: x[0, 0, 0, 0] < 1, lambda x: (x * 0,), (image,))[0]
    )
    assert endless.serving is not None
    model = SignatureModel(endless.serving, name="program", memory_limit=LIMIT)
    with pytest.raises(tf.errors.DeadlineExceededError):
        model(np.zeros((1, 6, 6, 1)))


def test_a_damaged_graph_gives_one_line(tmp_path: Path) -> None:
    network().export(str(tmp_path / "exported"), verbose=False)
    whole = (tmp_path / "exported" / "saved_model.pb").read_bytes()
    serving, generator = runnable(tmp_path / "exported"), random.Random(3)
    for _ in range(20):
        content = bytearray(whole)
        for _ in range(5):
            content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        (tmp_path / "exported" / "saved_model.pb").write_bytes(content)
        with contextlib.suppress(ModelError):  # nothing else
            SignatureModel(serving, name="exported", memory_limit=LIMIT)
