"""SavedModel folders, TensorFlow checkpoints and architectures without weights."""

import functools
import hashlib
import io
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from reportgen.errors import ModelError
from reportgen.reading.containers.checkpoint import open_checkpoint, read_tensors
from reportgen.reading.containers.recognition import recognise
from reportgen.reading.loading.decision import Action, decide
from reportgen.reading.loading.inventory import take_inventory
from reportgen.reading.loading.load import LoadedModel, read_model
from reportgen.reading.loading.weights_only import WeightsOnly

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parent / "fixtures"
LIMIT = 1 << 30
ALONE = (
    "cannot be run. Received: the file has weights but no architecture. Only its weights can be reported, unless "
    "--architecture FILE supplies the architecture as written by model.to_json()."
)
GRAPH = (
    "cannot be inspected. Received: a SavedModel without a Sequential or functional architecture is a plain "
    "TensorFlow graph. With --samples it shows the predictions of its signature 'serving_default'."
)


@functools.cache
def whole() -> Any:
    """Return a nested model after one step of training, so that its optimiser has slots. No test changes it."""
    inner = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.SeparableConv2D(2, 3, name="separable")], name="inner"
    )
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Conv2D(3, 2, name="conv")(inner(inputs))
    x = keras.layers.BatchNormalization(name="norm")(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(keras.layers.Flatten()(x)), name="whole")
    model.compile("adam", "mse")
    model.fit(np.ones((2, 6, 6, 1)), np.ones((2, 2)), verbose=0)
    return model


def as_checkpoint(model: Any, folder: Path) -> Path:
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(str(folder / "ckpt"))
    return folder


def as_plain_checkpoint(model: Any, folder: Path) -> Path:
    return Path(tf.train.Checkpoint(model).write(str(folder / "plain")))


def as_saved_model(model: Any, folder: Path) -> Path:
    tf.saved_model.save(model, str(folder / "saved"))
    return folder / "saved"


def as_export(model: Any, folder: Path) -> Path:
    model.export(str(folder / "export"), verbose=False)
    return folder / "export"


WRITERS = (as_checkpoint, as_plain_checkpoint, as_saved_model, as_export)


@pytest.mark.parametrize("write", WRITERS)
def test_kernels_have_the_layers_names_and_values(tmp_path: Path, write: Callable[[Any, Path], Path]) -> None:
    model = whole()
    result = read_model(write(model, tmp_path))
    assert isinstance(result, WeightsOnly)
    assert result.message.endswith(GRAPH if write in (as_saved_model, as_export) else ALONE)
    assert result.options == ()
    separable = model.get_layer("inner").get_layer("separable")
    expected = {
        ("inner/separable", "depthwise_kernel"): separable.depthwise_kernel,
        ("inner/separable", "pointwise_kernel"): separable.pointwise_kernel,
        ("conv", "kernel"): model.get_layer("conv").kernel,
        ("head", "kernel"): model.get_layer("head").kernel,
    }
    found = {(kernel.path, kernel.name): kernel.values for kernel in result.kernels}
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values.numpy())
    assert result.parameters == model.count_params()
    assert {kernel.kind for kernel in result.kernels} == {"depthwise", "convolution", "dense"}


def test_index_read_here_says_what_tensorflow_reads(tmp_path: Path) -> None:
    dtypes = ("float16", "float32", "float64", "bfloat16", "int8", "uint8", "int16", "int32", "int64", "bool")
    variables = {
        name: tf.Variable(tf.cast(tf.reshape(tf.range(6), (1, 2, 3)), name), name=f"of_{name}") for name in dtypes
    }
    variables |= {f"v{number:03d}": tf.Variable(float(number)) for number in range(300)}
    variables["text"] = tf.Variable("a")
    prefix = tf.train.Checkpoint(**variables).write(str(tmp_path / "all"))
    contents = open_checkpoint(Path(prefix), name="all", memory_limit=LIMIT)
    reader = tf.train.load_checkpoint(prefix)
    shapes = reader.get_variable_to_shape_map()
    assert set(contents.weights) == {key for key in shapes if not key.startswith(("_CHECKPOINTABLE", "text/"))}
    for key, values in read_tensors(contents, list(contents.weights), name="all"):
        assert contents.weights[key].shape == tuple(shapes[key])
        np.testing.assert_array_equal(values, np.asarray(reader.get_tensor(key)).astype(values.dtype))
    assert contents.names["bfloat16/.ATTRIBUTES/VARIABLE_VALUE"] == "of_bfloat16"
    assert [key for key in contents.weights if key[0] == "v"][:2] == [
        f"v{number:03d}/.ATTRIBUTES/VARIABLE_VALUE" for number in (0, 1)
    ]


def test_checkpoint_of_tensorflow_1_has_the_names_of_its_variables(tmp_path: Path) -> None:
    with tf.Graph().as_default():
        kernel = tf.compat.v1.get_variable("net/Conv2d_1a/weights", initializer=np.ones((3, 3, 1, 2), "f4"))
        tf.compat.v1.get_variable("net/Conv2d_1a/weights/Momentum", initializer=np.ones((3, 3, 1, 2), "f4"))
        tf.compat.v1.get_variable("net/fc/kernel", initializer=np.ones((4, 2), "f4"))
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            prefix = tf.compat.v1.train.Saver().save(session, str(tmp_path / "model.ckpt"), global_step=7)
    assert kernel.shape == (3, 3, 1, 2)
    result = read_model(prefix)
    assert isinstance(result, WeightsOnly)
    assert result.name == "model.ckpt-7"
    found = [(kernel.path, kernel.name, kernel.kind) for kernel in result.kernels]
    assert found == [("net/Conv2d_1a", "kernel", "convolution"), ("net/fc", "kernel", "dense")]


def test_layers_of_one_name_are_told_apart_by_their_places(tmp_path: Path) -> None:
    def one() -> Any:
        return keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 2, name="conv")], name="one")

    prefix = tf.train.Checkpoint(a=one(), b=one()).write(str(tmp_path / "two"))
    result = read_model(prefix)
    assert isinstance(result, WeightsOnly)
    assert [kernel.path for kernel in result.kernels] == [
        "a/_functional/_operations/1",
        "b/_functional/_operations/1",
    ]


@pytest.mark.parametrize("ending", ["", ".index", ".data-00000-of-00001"])
def test_checkpoint_is_found_by_any_of_its_files(tmp_path: Path, ending: str) -> None:
    prefix = as_plain_checkpoint(whole(), tmp_path)
    file = recognise(f"{prefix}{ending}")
    names = ("plain.index", "plain.data-00000-of-00001")
    parts = [(tmp_path / name).read_bytes() for name in names]
    lines = [f"{name} {hashlib.sha256(part).hexdigest()}\n" for name, part in zip(names, parts, strict=True)]
    assert file.format.label == "TensorFlow checkpoint"
    assert file.name == "plain"
    assert file.size == sum(map(len, parts))
    assert file.sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_latest_of_several_checkpoints_is_read_and_never_one_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    checkpoint = tf.train.Checkpoint(v=tf.Variable(np.zeros((2, 2), "f4"), name="layer/kernel"))
    manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=3)
    for value in range(3):
        checkpoint.v.assign(np.full((2, 2), value, "f4"))
        manager.save()
    result = read_model(folder)
    assert isinstance(result, WeightsOnly)
    assert (result.file.name, result.kernels[0].values[0, 0]) == ("ckpt-3", 2)
    (folder / "checkpoint").write_text('model_checkpoint_path: "../../elsewhere/ckpt-2"\n')
    assert recognise(folder).name == "ckpt-2"
    (folder / "checkpoint").write_text('model_checkpoint_path: "/etc/passwd"\n')
    with pytest.raises(ModelError) as caught:
        recognise(folder)
    assert str(caught.value) == (
        "many holds several checkpoints. Received: ckpt-1, ckpt-2, ckpt-3. Give one of them, such as ckpt-3.index."
    )


def test_saved_model_is_named_by_its_folder_with_one_digest(tmp_path: Path) -> None:
    folder = as_saved_model(whole(), tmp_path)
    names = ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001")
    lines = [f"{name} {hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n" for name in names]
    file = recognise(folder)
    assert (file.format.label, file.name) == ("TensorFlow SavedModel folder", "saved")
    assert file.sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()
    with pytest.raises(ModelError, match=r"Received: a SavedModel's saved_model\.pb\. Give the folder that it is in\."):
        recognise(folder / "saved_model.pb")


def test_inventory_of_tensorflows_files_needs_no_tensorflow(tmp_path: Path) -> None:
    paths = [unpacked(tmp_path, "nested-2.15.1"), as_plain_checkpoint(whole(), tmp_path)]
    script = (
        "import sys; from reportgen.reading.containers.recognition import recognise; "
        "from reportgen.reading.loading.inventory import take_inventory; "
        "from reportgen.reading.loading.decision import decide; "
        f"print(*[decide(take_inventory(recognise(p))).action.value for p in {[str(path) for path in paths]!r}]); "
        "sys.exit(bool({'keras', 'tensorflow', 'google.protobuf'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "rewrite and run weights only\n")


def unpacked(folder: Path, name: str) -> Path:
    with zipfile.ZipFile(FIXTURES / f"{name}.savedmodel.zip") as archive:
        archive.extractall(folder / name)
    return folder / name


SAVED_BY_KERAS_2 = {
    "nested-2.15.1": "The calls of nested models were numbered from 0, as in Keras 3: ",
    "normalisation-2.15.1": "The calls of nested models were numbered from 0, as in Keras 3: outer",
    "slashes-2.4.4": "In names of layers, / was replaced by _: in/put, block/conv, block/norm.",
}


@pytest.mark.parametrize("name", SAVED_BY_KERAS_2)
def test_saved_model_of_keras_2_computes_what_it_did_without_its_program(tmp_path: Path, name: str) -> None:
    folder = unpacked(tmp_path, name)
    if (folder / "keras_metadata.pb").exists():
        (folder / "saved_model.pb").write_bytes(b"not read")
    arrays = np.load(FIXTURES / f"{name}.savedmodel.npz")
    loaded = read_model(folder)
    outputs = tf.nest.flatten(loaded.model(arrays["x0"], training=False))
    for index, output in enumerate(outputs):
        expected = arrays[f"y{index}"]
        np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    assert any(sentence.startswith(SAVED_BY_KERAS_2[name]) for sentence in loaded.rewrites)
    assert loaded.file is not None
    assert loaded.file.format.label == "TensorFlow SavedModel folder"


def test_subclassed_saved_model_of_keras_2_has_names_classes_and_initialisers(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "subclassed-2.15.1")
    arrays = np.load(FIXTURES / "subclassed-2.15.1.savedmodel.npz")
    result = read_model(folder)
    assert isinstance(result, WeightsOnly)
    assert (result.name, result.kind, result.keras_version, result.parameters) == ("net", "Net", "2.15.0", 49)
    assert [(layer.path, layer.class_name) for layer in result.layers] == [
        ("a", "Conv2D"),
        ("block", "Sequential"),
        ("block/d", "DepthwiseConv2D"),
        ("block/flatten", "Flatten"),
        ("out", "Dense"),
    ]
    found = [
        (kernel.path, kernel.name, kernel.kind, kernel.class_name, (kernel.initializer or {})["class_name"])
        for kernel in result.kernels
    ]
    assert found == [
        ("a", "kernel", "convolution", "Conv2D", "HeNormal"),
        ("block/d", "depthwise_kernel", "depthwise", "DepthwiseConv2D", "GlorotUniform"),
        ("out", "kernel", "dense", "Dense", "GlorotUniform"),
    ]
    for kernel, name in zip(result.kernels, ("net|a|kernel", "d|depthwise_kernel", "net|out|kernel"), strict=True):
        np.testing.assert_array_equal(kernel.values, arrays[name])
    assert result.message == f"subclassed-2.15.1 {GRAPH}"


def test_saved_model_whose_variables_do_not_fit_still_shows_them(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "nested-2.15.1")
    text = (folder / "keras_metadata.pb").read_bytes()
    (folder / "keras_metadata.pb").write_bytes(text.replace(b'"name": "conv2d"', b'"name": "conv3d"'))
    result = read_model(folder)
    assert isinstance(result, WeightsOnly)
    assert result.message == (
        "nested-2.15.1: the weights do not fit the architecture. Received: no tensor, or several, for "
        "sequential/conv3d/kernel. Load and save the model again with the Keras that wrote it. "
        "With --samples it shows the predictions of its signature 'serving_default'."
    )
    assert [kernel.values.shape for kernel in result.kernels] == [(3, 3, 2, 2)]


def test_saved_model_without_variables_shows_its_architecture(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "nested-2.15.1")
    shutil.rmtree(folder / "variables")
    result = read_model(folder)
    assert isinstance(result, WeightsOnly)
    assert result.kernels == ()
    assert result.message == (
        "nested-2.15.1 cannot be run. Received: the file has an architecture but no weights. Only its architecture "
        "can be reported."
    )


@pytest.mark.parametrize("version", [2, 3])
def test_architecture_alone_has_layers_and_no_kernels(tmp_path: Path, version: int) -> None:
    path = tmp_path / "model.json"
    keras_2 = (
        '{"class_name": "Sequential", "config": {"name": "old", "layers": [{"class_name": "Conv2D", "config": '
        '{"name": "conv", "filters": 2, "kernel_size": [3, 3], "batch_input_shape": [null, 6, 6, 1]}}]}, '
        '"keras_version": "2.15.0", "backend": "tensorflow"}'
    )
    path.write_text(whole().to_json(indent=1) if version == 3 else keras_2)
    file = recognise(path)
    assert file.format.label == "architecture as JSON, without weights"
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    result = read_model(path)
    assert isinstance(result, WeightsOnly)
    assert (result.kernels, result.parameters) == ((), 0)
    assert result.message == (
        "model.json cannot be run. Received: the file has an architecture but no weights. Only its architecture can "
        "be reported."
    )
    found = [layer.path for layer in result.layers if layer.class_name not in ("InputLayer", "Flatten")]
    assert found == (["inner", "inner/separable", "conv", "norm", "head"] if version == 3 else ["conv"])
    assert (result.name, result.kind) == (("whole", "Functional") if version == 3 else ("old", "Sequential"))
    assert result.keras_version == ("3" if version == 3 else "2.15.0")
    assert decide(take_inventory(file)).action is Action.WEIGHTS_ONLY


def with_npz(tmp_path: Path, arrays: dict[str, np.ndarray]) -> tuple[Any, Path]:
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3, name="conv")])
    model.save(tmp_path / "h5.keras")
    arrays = arrays or {
        f"layers/conv2d/vars/{index}": weight.numpy() for index, weight in enumerate(model.layers[0].weights)
    }
    weights = io.BytesIO()
    np.savez(weights, **arrays)
    with zipfile.ZipFile(tmp_path / "h5.keras") as source, zipfile.ZipFile(tmp_path / "npz.keras", "w") as target:
        for name in ("config.json", "metadata.json"):
            target.writestr(name, source.read(name))
        target.writestr("model.weights.npz", weights.getvalue())
    return model, tmp_path / "npz.keras"


def test_archive_with_weights_as_npz_is_run(tmp_path: Path) -> None:
    model, path = with_npz(tmp_path, {})
    values = np.ones((1, 6, 6, 1), "f4")
    loaded = read_model(path)
    assert isinstance(loaded, LoadedModel)
    np.testing.assert_array_equal(loaded.model(values), model(values))


def test_pickled_weights_in_an_npz_are_never_loaded(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    _, path = with_npz(tmp_path, {"layers/conv2d/vars": np.array({"0": Bomb()}, dtype=object)})
    with pytest.raises(ModelError) as caught:
        read_model(path)
    assert str(caught.value) == (
        "npz.keras: model.weights.npz, array layers/conv2d/vars.npy, holds pickled Python objects, which are never loaded "
        "because that runs code. Received: dtype object. Save the model again with model.save('model.keras')."
    )
    assert not (tmp_path / "ran").exists()


def test_npz_header_that_lies_is_refused(tmp_path: Path) -> None:
    _, path = with_npz(tmp_path, {"a": np.zeros((3, 3))})
    text = path.read_bytes()
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    inner = zipfile.ZipFile(io.BytesIO(members["model.weights.npz"])).read("a.npy").replace(b"(3, 3)", b"(99,9)")
    weights = io.BytesIO()
    with zipfile.ZipFile(weights, "w") as archive:
        archive.writestr("a.npy", inner)
    with zipfile.ZipFile(path, "w") as target:
        for name, content in {**members, "model.weights.npz": weights.getvalue()}.items():
            target.writestr(name, content)
    assert path.read_bytes() != text
    with pytest.raises(
        ModelError, match=r"array a\.npy, declares shape \(99, 9\) of float64, 7128 bytes\. Received: 72 bytes"
    ):
        read_model(path)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,",
        "{'descr': [('a', '<f4', 1, 2, 3)], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '\x00', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
        "{'descr': {'names': ['a'], 'formats': ['f4'], 'offsets': [-9]}, 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '|V8', 'fortran_order': False, 'shape': (3,), }",
        "((((((",
        "",
    ],
)
def test_damaged_header_in_an_npz_is_one_line(tmp_path: Path, header: str) -> None:
    _, path = with_npz(tmp_path, {"a": np.zeros(3)})
    line = header.encode() + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + bytes(64)
    weights = io.BytesIO()
    with zipfile.ZipFile(weights, "w") as archive:
        archive.writestr("layers/dense/vars/0.npy", array)
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w") as target:
        for name, content in {**members, "model.weights.npz": weights.getvalue()}.items():
            target.writestr(name, content)
    with pytest.raises(
        ModelError, match=r"^npz\.keras: model\.weights\.npz, array layers/dense/vars/0\.npy, "
    ) as caught:
        read_model(path)
    assert str(caught.value).isprintable()


def test_damaged_npz_is_one_line(tmp_path: Path) -> None:
    """Each byte of the weights changed in turn: whatever NumPy and zipfile raise becomes one line, or the file is read."""
    _, path = with_npz(tmp_path, {"a": np.zeros(3)})
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    weights = members.pop("model.weights.npz")
    refused = 0
    for place in range(len(weights)):
        changed = bytearray(weights)
        changed[place] ^= 0xFF
        with zipfile.ZipFile(path, "w") as target:
            for name, content in {**members, "model.weights.npz": bytes(changed)}.items():
                target.writestr(name, content)
        line = refusal_of(path)
        assert line.isprintable()
        refused += bool(line)
    assert refused > len(weights) // 4


def refusal_of(folder: Path) -> str:
    try:
        decide(take_inventory(recognise(folder)))
    except ModelError as error:
        return str(error)
    return ""


def test_mutated_files_of_tensorflow_never_raise_anything_else(tmp_path: Path) -> None:
    """Two hundred changes of single bytes, and cuts, of a SavedModel's metadata, program and index."""
    generator = random.Random(0)
    refused = 0
    originals = [unpacked(tmp_path, name) for name in ("nested-2.15.1", "slashes-2.4.4", "subclassed-2.15.1")]
    for number in range(200):
        source = originals[number % 3]
        folder = tmp_path / "mutated"
        shutil.copytree(source, folder)
        members = [path for path in sorted(folder.rglob("*")) if path.suffix in (".pb", ".index")]
        target = members[number // 3 % len(members)]
        content = bytearray(target.read_bytes())
        if number % 5 == 0:
            del content[generator.randrange(len(content)) :]
        else:
            content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        target.write_bytes(content)
        line = refusal_of(folder)
        assert line.isprintable()
        refused += bool(line)
        shutil.rmtree(folder)
    assert refused > 20


def test_flipped_bit_in_the_values_is_noticed(tmp_path: Path) -> None:
    model = whole()
    prefix = as_plain_checkpoint(model, tmp_path)
    values = Path(f"{prefix}.data-00000-of-00001")
    content = bytearray(values.read_bytes())
    content[content.index(model.get_layer("conv").kernel.numpy().tobytes()) + 5] ^= 16
    values.write_bytes(content)
    with pytest.raises(ModelError, match=r"^plain cannot be read\. Received: .*\. Copy or download it again, with all"):
        read_model(prefix)


def test_memory_limit_holds_for_checkpoints(tmp_path: Path) -> None:
    prefix = as_plain_checkpoint(whole(), tmp_path)
    assert isinstance(read_model(prefix, memory_limit=432), WeightsOnly)
    with pytest.raises(ModelError) as caught:
        read_model(prefix, memory_limit=431)
    assert str(caught.value) == (
        "plain needs more memory than allowed. Received: 432 bytes of weights (limit 431 bytes). Raise --memory-limit."
    )


def test_a_signature_that_is_not_run_either_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(FIXTURES / "nested-2.15.1.savedmodel.zip") as archive:
        archive.extractall(tmp_path / "saved")
    metadata = tmp_path / "saved" / "keras_metadata.pb"
    metadata.write_bytes(metadata.read_bytes().replace(b'"Conv2D"', b'"Conv9D"'))
    monkeypatch.setattr("reportgen.reading.loading.decision.read_serving", lambda *_, **__: "it has no signature")
    read = read_model(tmp_path / "saved")
    assert isinstance(read, WeightsOnly)
    assert read.reasons[-1] == "its signature gives no predictions either: it has no signature"
