"""What a file holds and what is decided, without Keras and without TensorFlow."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from reportgen.errors import ModelError
from reportgen.reading.containers.recognition import recognise
from reportgen.reading.loading.decision import Action, decide, refusal
from reportgen.reading.loading.inventory import take_inventory
from reportgen.reading.loading.load import read_model
from reportgen.reading.loading.weights_only import WeightsOnly
from reportgen.reading.rewriting.obstacles import Notes, ObstacleKind

FIXTURES = Path(__file__).parents[1] / "fixtures"


def model() -> Any:
    inner = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.SeparableConv2D(2, 3, name="separable")], name="inner"
    )
    inputs = keras.Input((6, 6, 1), name="in")
    x = keras.layers.Flatten(name="flat")(inner(inputs))
    outputs = keras.layers.Dense(3, name="head", kernel_initializer="he_normal")(x)
    return keras.Model(inputs, outputs, name="whole")


@pytest.mark.parametrize("extension", [".keras", ".h5"])
def test_inventory_has_layers_initialisers_and_stored_weights(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"model{extension}"
    model().save(path)
    inventory = take_inventory(recognise(path))
    assert (inventory.kind, inventory.name, inventory.keras_version) == ("Functional", "whole", keras.__version__)
    assert [layer.path for layer in inventory.layers if layer.class_name != "InputLayer"] == [
        "inner",
        "inner/separable",
        "flat",
        "head",
    ]
    head = inventory.layers[-1]
    assert head.class_name == "Dense"
    assert set(head.initializers) == {"kernel", "bias"}
    assert head.initializers["kernel"]["class_name"] == "HeNormal"
    assert inventory.stored_values == 9 + 2 + 2 + 32 * 3 + 3
    decision = decide(inventory)
    assert decision.action is Action.RUN
    assert decision.rewrites == ()


def test_inventory_and_decision_import_neither_keras_nor_tensorflow() -> None:
    script = (
        "import sys; from reportgen.reading.containers.recognition import recognise; "
        "from reportgen.reading.loading.inventory import take_inventory; "
        "from reportgen.reading.loading.decision import decide; "
        f"d = decide(take_inventory(recognise({str(FIXTURES / 'nested-2.15.1.keras')!r}))); "
        "assert d.action.value == 'rewrite and run', d; "
        "sys.exit(bool({'keras', 'tensorflow', 'jinja2', 'matplotlib'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0


def test_unzipped_archive_is_read_as_the_archive_is(tmp_path: Path) -> None:
    original = model()
    original.save(tmp_path / "m.keras")
    folder = tmp_path / "unzipped"
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        archive.extractall(folder)
    loaded = read_model(folder)
    values = np.ones((1, 6, 6, 1), "float32")
    np.testing.assert_array_equal(loaded.model(values), original(values))
    (folder / "metadata.json").unlink()
    assert take_inventory(recognise(folder)).keras_version is None


def test_compressed_archive_is_read(tmp_path: Path) -> None:
    original = model()
    original.save(tmp_path / "m.keras")
    with (
        zipfile.ZipFile(tmp_path / "m.keras") as stored,
        zipfile.ZipFile(tmp_path / "c.keras", "w", zipfile.ZIP_DEFLATED) as compressed,
    ):
        for name in stored.namelist():
            compressed.writestr(name, stored.read(name))
    values = np.ones((1, 6, 6, 1), "float32")
    np.testing.assert_array_equal(read_model(tmp_path / "c.keras").model(values), original(values))


@pytest.mark.parametrize("name", ["m.weights.h5", "m.h5"])
def test_weights_alone_give_kernels_by_layer(tmp_path: Path, name: str) -> None:
    original = model()
    path = tmp_path / name
    if name == "m.h5":
        original.save(path)
        with h5py.File(path, "a") as file:
            del file.attrs["model_config"]
    else:
        original.save_weights(path)
    result = read_model(path)
    assert isinstance(result, WeightsOnly)
    assert result.reasons == ("the file has weights but no architecture",)
    assert result.options == ()
    assert result.message == (
        f"{name} cannot be run. Received: the file has weights but no architecture. "
        "Only its weights can be reported, unless --architecture FILE supplies the architecture as written by model.to_json()."
    )
    kernels = {kernel.path.rsplit("/", 1)[-1]: kernel for kernel in result.kernels}
    head = kernels["head"]
    assert (head.name, head.kind, head.class_name, head.initializer) == ("kernel", "dense", None, None)
    np.testing.assert_array_equal(head.values, original.get_layer("head").get_weights()[0])


@pytest.mark.parametrize("extension", [".keras", ".h5"])
def test_kernels_beside_custom_code_keep_kind_groups_and_initialiser(tmp_path: Path, extension: str) -> None:
    layers = [
        keras.Input((6, 6, 2)),
        keras.layers.SeparableConv2D(2, 3, name="separable", pointwise_initializer="he_normal"),
        keras.layers.DepthwiseConv2D(2, name="depthwise", depthwise_initializer="ones"),
        keras.layers.Conv2DTranspose(2, 2, name="transposed"),
        keras.layers.Conv2D(2, 2, groups=2, name="grouped"),
        keras.layers.Lambda(lambda x: x, name="custom"),
    ]
    original = keras.Sequential(layers)
    path = tmp_path / f"m{extension}"
    original.save(path)
    result = read_model(path)
    assert isinstance(result, WeightsOnly)
    found = [
        (kernel.path, kernel.name, kernel.kind, kernel.groups, kernel.initializer["class_name"])
        for kernel in result.kernels
    ]
    depthwise = "depthwise_kernel" if (found[2][1]) == "depthwise_kernel" else "kernel"
    assert found == [
        ("separable", "depthwise_kernel", "depthwise", 1, "GlorotUniform"),
        ("separable", "pointwise_kernel", "convolution", 1, "HeNormal"),
        ("depthwise", depthwise, "depthwise", 1, "Ones"),
        ("transposed", "kernel", "transposed", 1, "GlorotUniform"),
        ("grouped", "kernel", "convolution", 2, "GlorotUniform"),
    ]
    np.testing.assert_array_equal(result.kernels[3].values, original.get_layer("transposed").get_weights()[0])
    assert result.parameters == original.count_params()
    assert result.options == ("--allow-custom-code",)


def test_a_file_without_any_kernel_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["numbers"] = np.zeros(3)
    with pytest.raises(
        ModelError, match=r"m\.h5 holds no kernels\. Received: .* no architecture.* Give a file"
    ) as caught:
        read_model(tmp_path / "m.h5")
    assert caught.value.exit_code == 3


def test_long_lists_of_layer_names_are_read_in_their_parts(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names0"] = [b"a"]
        file.attrs["layer_names1"] = [b"b"]
        for name in "ab":
            file.create_group(name).attrs["weight_names"] = [f"{name}/kernel:0".encode()]
            file[f"{name}/{name}/kernel:0"] = np.full((2, 2), ord(name), "f4")
    result = read_model(tmp_path / "m.h5")
    assert isinstance(result, WeightsOnly)
    assert [(kernel.path, kernel.values[0, 0]) for kernel in result.kernels] == [("a", 97), ("b", 98)]


def test_bfloat16_weights_are_read(tmp_path: Path) -> None:
    original = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, dtype="bfloat16", name="d")])
    original.save(tmp_path / "m.keras")
    kernel = read_model(tmp_path / "m.keras").model.get_layer("d").kernel
    np.testing.assert_array_equal(np.asarray(kernel, "float32"), np.asarray(original.get_layer("d").kernel, "float32"))


def refused(path: Path, layers: list[keras.Layer]) -> str:
    keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(1, 2), *layers]).save(path)
    inventory = take_inventory(recognise(path))
    return refusal(inventory, decide(inventory))


def test_refusal_says_once_what_several_layers_have_against_them(tmp_path: Path) -> None:
    layers = [keras.layers.Lambda(lambda x: x, name=f"l{number}") for number in range(7)]
    assert refused(tmp_path / "m.keras", layers) == (
        "m.keras cannot be run. Received: layers 'l0', 'l1', 'l2', 'l3', 'l4' and 2 more: Lambda is code embedded in "
        "the file. If you trust the file, give --allow-custom-code."
    )


def test_refusal_lists_three_reasons_and_counts_the_others(tmp_path: Path) -> None:
    classes = [type(f"Odd{number}", (keras.layers.Layer,), {"call": lambda _, x: x}) for number in range(5)]
    message = refused(tmp_path / "m.keras", [each(name=each.__name__.lower()) for each in classes])
    assert "layer 'odd2': " in message
    assert "Odd2 is not part of Keras and 2 more. If you trust" in message
    assert "'odd3'" not in message


def test_notes_shorten_long_lists() -> None:
    notes = Notes(old=True)
    for number in range(7):
        notes.rewrote("Changed", f"layer{number}")
    notes.rewrote("Wrapped")
    notes.met(ObstacleKind.LAYOUT, "", "x")
    assert notes.sentences() == ("Changed: layer0, layer1, layer2, layer3, layer4 and 2 more.", "Wrapped.")
    assert next(iter(notes.obstacles)).sentence == "the model: x is a layout that Keras does not write"


IO = Path("/proc/self/io")


@pytest.mark.skipif(not IO.exists(), reason="needs Linux, which counts the bytes that a process reads")
def test_inventory_reads_each_byte_twice_for_the_digest_and_the_checksum(tmp_path: Path) -> None:
    original = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000, use_bias=False)])
    path = tmp_path / "m.keras"
    original.save(path)
    decide(take_inventory(recognise(path)))  # what is imported late
    before = bytes_read()
    decide(take_inventory(recognise(path)))
    size = path.stat().st_size
    assert size > 4_000_000
    assert 2 * size <= bytes_read() - before < 2.1 * size


def bytes_read() -> int:
    """Return the bytes that this process has read from files until now."""
    return int(IO.read_text().split()[1])


@pytest.mark.parametrize(
    ("frame", "transform", "refused"), [(1024, 1024, False), (50_000, 65_536, True), (50_000, None, True)]
)
def test_a_spectrogram_whose_kernels_would_take_minutes_is_refused(
    frame: int, transform: int | None, refused: bool, tmp_path: Path
) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 100_000], "name": "sound"}},
        {"class_name": "STFTSpectrogram", "config": {"name": "heard", "frame_length": frame, "fft_length": transform}},
    ]
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": layers}}))
    if not refused:
        assert len(take_inventory(recognise(path)).layers) == 2
        return
    with pytest.raises(ModelError, match=r"computes too many values when it is built\. Received: .* for heard"):
        take_inventory(recognise(path))
