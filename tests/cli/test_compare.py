"""`reportgen compare`, and `--before`, as a process would see them."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixed_weights import fix_weights

from reportgen.cli.app import run
from reportgen.errors import ModelError
from reportgen.models.graphs import describe_deployed, describe_model
from reportgen.reading import DeployedModel


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a network, one that forgot a class, and 40 samples labelled by the first."""
    import keras
    from keras import layers

    root = tmp_path_factory.mktemp("compared")
    base = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu", name="conv"),
            layers.Flatten(name="flat"),
            layers.Dense(2, activation="softmax", name="head"),
        ],
        name="tiny",
    )
    fix_weights(base)
    samples = np.random.default_rng(0).random((40, 6, 6, 1)).astype(np.float32)
    kernel, _ = base.get_layer("head").get_weights()
    logits = np.asarray(keras.Model(base.inputs, base.get_layer("flat").output)([samples])) @ kernel
    base.get_layer("head").set_weights([kernel, -np.median(logits, axis=0)])  # so that both classes occur
    base.save(root / "base.keras")
    labels = np.asarray(base(samples)).argmax(axis=1)
    base.get_layer("head").set_weights([kernel, np.array([-50.0, 50.0])])
    base.save(root / "forgot.keras")
    np.savez(root / "x.npz", x=samples, y=labels)
    return root


@pytest.fixture
def compare(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Return a function that gives exit code, standard output and standard error of a command line in a new folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")

    def run_compare(*arguments: str) -> tuple[int, str, str]:
        code = run([str(folder / one) if (folder / one).exists() else one for one in arguments])
        return (code, *capfd.readouterr())

    return run_compare


def test_a_regression_fails_the_gate_and_the_page_is_written(compare, tmp_path):
    code, out, error = compare(
        "compare", "base.keras", "forgot.keras", "--samples", "x.npz", "--fail-on", "regression", "--json", "c.json"
    )
    assert (code, out) == (1, "comparison.html\n")
    assert error.startswith("Worse than the base. Accuracy 100.0% → ")
    assert error.endswith("reportgen: --fail-on regression: failed.\n")
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["verdict"]["outcome"] == "worse"
    page = (tmp_path / "comparison.html").read_text(encoding="utf-8")
    assert "reportgen compare base.keras forgot.keras --samples x.npz" in page
    assert str(tmp_path.parent) not in page


def test_ci_gets_junit_markdown_metrics_annotations_and_the_summary(compare, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "pyproject.toml").write_text("[tool.reportgen]\nfail-on = 'regression'\nseed = 3\n")
    outputs = ("--junit", "c.xml", "--markdown", "c.md", "--metrics", "c.json")
    code, _, error = compare("compare", "base.keras", "forgot.keras", "--samples", "x.npz", *outputs)
    assert code == 1
    assert "::error title=worse than the base::accuracy 100.0%25 → " in error
    assert (
        "\nreportgen: --fail-on regression (set by pyproject.toml): failed; options set by pyproject.toml: seed.\n"
        in error
    )
    markdown = (tmp_path / "c.md").read_text(encoding="utf-8")
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == f"{markdown}\n"
    assert "Gate `--fail-on regression`: **failed**." in markdown
    assert "options set by `pyproject.toml`: seed." in markdown
    assert 'failures="4"' in (tmp_path / "c.xml").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["regressed"] == 1
    page = (tmp_path / "comparison.html").read_text(encoding="utf-8")
    assert "Configuration: options set by pyproject.toml: seed." in page
    assert "seed = 3; pyproject.toml" in page


def test_the_gate_of_the_project_is_heeded(compare, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.reportgen]\nfail-on = ['problem', 'regression']\n")
    code, _, error = compare("compare", "base.keras", "forgot.keras", "--samples", "x.npz", "-q")
    assert (code, error) == (1, "reportgen: --fail-on regression (set by pyproject.toml): failed.\n")


def test_samples_that_do_not_fit_one_of_the_models_name_it(compare, folder, tmp_path):
    np.savez(tmp_path / "wide.npz", x=np.zeros((4, 7, 6, 1), np.float32))
    code, _, error = compare("compare", "base.keras", "forgot.keras", "--samples", "wide.npz")
    assert code == 4
    assert error.startswith("reportgen: the new model, forgot.keras: samples must match the model's input (6, 6, 1).")


def test_labels_that_one_of_the_models_has_no_class_for_name_it(compare, folder, tmp_path):
    np.savez(tmp_path / "more.npz", x=np.load(folder / "x.npz")["x"], y=np.arange(40) % 3)
    code, _, error = compare("compare", "base.keras", "forgot.keras", "--samples", "more.npz")
    assert code == 4
    assert error.startswith(
        "reportgen: the new model, forgot.keras: labels must be from 0 to 1, as the model has 2 classes"
    )


def test_without_samples_the_verdict_says_so(compare):
    code, _, error = compare("compare", "base.keras", "forgot.keras")
    assert (code, error) == (0, "Not judged. No samples were given. Add --samples SOURCE to compare the answers.\n")


def test_the_other_way_round_it_passes(compare):
    code, _, error = compare(
        "compare", "forgot.keras", "base.keras", "--samples", "x.npz", "--fail-on", "regression", "-o", "b.html"
    )
    assert code == 0
    assert error.startswith("Better than the base.")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("base.keras", "nothing.keras"), 3, "no such model file. Received: nothing.keras."),
        (("base.keras", "x.npz"), 3, "x.npz is not a Keras model. Received: NumPy arrays (.npz)."),
        (("base.keras", "forgot.keras", "--samples", "gone.npz"), 4, "gone.npz"),
        (("base.keras", "forgot.keras", "--labels", "y.npy"), 2, "--samples must be given with --labels."),
        (
            ("base.keras", "forgot.keras", "--junit", "base.keras"),
            2,
            "--junit must not be a file that is read. Received: ",
        ),
        (
            ("base.keras", "forgot.keras", "--samples", "x.npz", "--json", "x.npz"),
            2,
            "--json must not be a file that",
        ),
        (("base.keras",), 2, "Missing argument 'NEW'. See reportgen compare --help."),
        (("base.keras", "forgot.keras", "--fail-on", "problem"), 2, "'problem' is not one of 'regression'"),
    ],
)
def test_what_cannot_be_compared_ends_in_one_line_and_writes_nothing(compare, tmp_path, arguments, code, said):
    got, out, error = compare("compare", *arguments, "-o", "c.html")
    assert (got, out) == (code, "")
    assert error.count("\n") == 1
    assert said in error
    assert list(tmp_path.iterdir()) == []


def test_a_report_tells_how_far_the_model_has_moved_from_an_earlier_one(compare, tmp_path):
    code, _, _ = compare("build", "forgot.keras", "--before", "base.keras", "--json", "r.json", "-q")
    assert code == 0
    sections = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["sections"]
    (moved,) = [section["result"] for section in sections if section["name"] == "weight_changes"]
    assert (moved["base"], moved["others_changed"]) == ("base.keras", 1)
    assert [kernel["distance"] for kernel in moved["kernels"]] == [0, 0]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Change since before" in page
    assert "--before base.keras" in page


def test_an_earlier_model_that_is_none_ends_in_one_line(compare, tmp_path):
    code, _, error = compare("build", "forgot.keras", "--before", "gone.keras", "-q")
    assert (code, error) == (3, "reportgen: no such model file. Received: gone.keras. Check the path.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_redacted_report_does_not_name_the_earlier_model(compare, tmp_path):
    assert compare("build", "forgot.keras", "--before", "base.keras", "--redact", "-q")[0] == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "base.keras" not in page
    assert "--before BEFORE" in page


def tflite(model_path: Path, target: Path) -> None:
    import keras
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(keras.saving.load_model(model_path, compile=False))
    target.write_bytes(converter.convert())


def test_a_tflite_model_gives_the_answers_of_the_model_that_it_was_made_of(compare, folder, tmp_path):
    pytest.importorskip("ai_edge_litert")
    tflite(folder / "base.keras", tmp_path / "base.tflite")
    code, _, error = compare("compare", "base.keras", "base.tflite", "--samples", "x.npz", "--json", "c.json")
    assert code == 0
    assert error.startswith(
        "No difference: the same answers for every sample. Both give the same class to 100.0% (91.2%–100.0%) of 40"
    )
    (answers,) = [
        one["result"]
        for one in json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["sections"]
        if one["name"] == "answers"
    ]
    assert answers["agreement"]["successes"] == 40
    assert answers["outputs"]["largest"] < 1e-5


def onnx_model(folder: Path, target: Path, *, channels_first: bool) -> None:
    import keras
    from onnx import TensorProto, helper, numpy_helper, save

    model = keras.saving.load_model(folder / "base.keras", compile=False)
    (kernel, bias), (dense, last) = (model.get_layer(name).get_weights() for name in ("conv", "head"))
    arrays = {"k": np.transpose(kernel, (3, 2, 0, 1)).copy(), "b": bias, "d": dense, "l": last}
    nodes = [
        helper.make_node("Conv", ["t", "k", "b"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Transpose", ["r"], ["n"], perm=[0, 2, 3, 1]),
        helper.make_node("Flatten", ["n"], ["f"]),
        helper.make_node("Gemm", ["f", "d", "l"], ["g"]),
        helper.make_node("Softmax", ["g"], ["y"]),
    ]
    shape = [1, 1, 6, 6] if channels_first else ["n", 6, 6, 1]
    if channels_first:
        nodes[0].input[0] = "x"
    else:
        nodes.insert(0, helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]))
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [shape[0], 2])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    save(made, target)


@pytest.mark.parametrize("channels_first", [False, True])
def test_an_onnx_model_gives_the_answers_of_the_model_that_it_was_made_of(compare, folder, tmp_path, channels_first):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    onnx_model(folder, tmp_path / "base.onnx", channels_first=channels_first)
    code, _, error = compare("compare", "base.keras", "base.onnx", "--samples", "x.npz", "-o", "c.html")
    assert code == 0
    assert error.startswith("No difference: the same answers for every sample. Both give the same class to 100.0%")


@pytest.fixture(scope="module")
def two_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a network of a picture and two numbers, the same as TensorFlow Lite and ONNX, and samples."""
    import keras
    from keras import layers

    root = tmp_path_factory.mktemp("two inputs")
    image, extra = keras.Input((6, 6, 1), name="image"), keras.Input((2,), name="extra")
    both = layers.Concatenate(name="both")([layers.Flatten(name="flat")(image), extra])
    model = fix_weights(keras.Model([image, extra], layers.Dense(2, activation="softmax", name="head")(both)))
    model.save(root / "two.keras")
    generator = np.random.default_rng(0)
    np.save(root / "image.npy", generator.random((9, 6, 6, 1)).astype(np.float32))
    np.save(root / "extra.npy", generator.random((9, 2)).astype(np.float32))
    return root


TWO = ("--samples", "image=image.npy", "--samples", "extra=extra.npy", "--json", "c.json", "-q")


@pytest.fixture
def answers_of(two_inputs, tmp_path, monkeypatch, capfd):
    """Return a function that gives how the answers of a deployed model and of the network with two inputs compare."""
    monkeypatch.chdir(two_inputs)

    def compared(deployed: str) -> dict[str, Any]:
        code = run(["compare", "two.keras", deployed, *TWO, "-o", str(tmp_path / "c.html")])
        assert (code, capfd.readouterr().err) == (0, "")
        sections = json.loads((two_inputs / "c.json").read_text(encoding="utf-8"))["sections"]
        return next(one["result"] for one in sections if one["name"] == "answers")

    return compared


def test_a_tflite_model_of_two_inputs_gets_each_by_its_name(answers_of, two_inputs):
    pytest.importorskip("ai_edge_litert")
    tflite(two_inputs / "two.keras", two_inputs / "two.tflite")
    answers = answers_of("two.tflite")
    assert answers["agreement"]["successes"] == 9
    assert answers["outputs"]["largest"] < 1e-5


@pytest.mark.parametrize("names", [("image", "extra"), ("x0", "x1")], ids=["names", "shapes"])
def test_an_onnx_model_of_two_inputs_gets_each_by_its_name_or_its_shape(answers_of, two_inputs, names):
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    import keras

    weights = keras.saving.load_model(two_inputs / "two.keras", compile=False).get_weights()
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Flatten", [names[0]], ["f"]),
        helper.make_node("Concat", ["f", names[1]], ["c"], axis=1),
        helper.make_node("Gemm", ["c", "k", "b"], ["g"]),
        helper.make_node("Softmax", ["g"], ["y"]),
    ]
    shapes = [["n", 1, 6, 6], ["n", 2]]  # the first with its channels first
    inputs = [helper.make_tensor_value_info(*one) for one in zip(names, (number,) * 2, shapes, strict=True)]
    output = helper.make_tensor_value_info("y", number, ["n", 2])
    stored = [onnx.numpy_helper.from_array(array, name) for array, name in zip(weights, "kb", strict=True)]
    made = helper.make_model(
        helper.make_graph(nodes, "graph", inputs[::-1], [output], stored), opset_imports=[helper.make_opsetid("", 17)]
    )
    made.ir_version = 8
    onnx.save(made, two_inputs / "two.onnx")
    assert answers_of("two.onnx")["outputs"]["largest"] < 1e-5


def test_inputs_of_one_shape_that_nothing_tells_apart_are_refused():
    shapes = {"a": (2,), "b": (2,)}
    deployed = DeployedModel(
        name="m.onnx", input_shapes=shapes, output_shapes={"y": (1,)}, run=lambda batch: [*batch.values()]
    )
    import keras

    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    model = keras.Model([left, right], keras.layers.Subtract()([left, right]))
    with pytest.raises(ModelError, match=r"Received: a and b, of which nothing tells which is left\. Convert it with"):
        describe_deployed(deployed, "ONNX model", like=describe_model(model))


def test_a_runtime_that_is_not_installed_is_named(compare, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08\x12\x04test")
    code, _, error = compare("compare", "base.keras", "m.onnx", "-q")
    assert code == 3
    assert error == (
        "reportgen: m.onnx is run by another package. Received: no onnxruntime. "
        "Install it: pip install 'cnn-reportgen[onnxruntime]'.\n"
    )


def test_a_damaged_onnx_model_ends_in_one_line(compare, tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08\x12\x04test" + b"\xff" * 40)
    code, _, error = compare("compare", "base.keras", "m.onnx", "--samples", "x.npz", "-o", "c.html")
    assert code == 3
    assert error.count("\n") == 1
    assert "m.onnx cannot be run." in error
    assert not (tmp_path / "c.html").exists()
