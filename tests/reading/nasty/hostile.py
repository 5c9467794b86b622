"""Makers of files that a stranger may send: each writes one model file, or something in its place, into a folder."""

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

INPUT = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 6, 6, 1], "name": "in"}}
CONV: dict[str, Any] = {
    "module": "keras.layers",
    "class_name": "Conv2D",
    "config": {"name": "conv", "filters": 2, "kernel_size": [3, 3], "kernel_initializer": "zeros"},
    "registered_name": None,
}
KERNEL, BIAS = np.ones((3, 3, 1, 2), "float32"), np.zeros(2, "float32")


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [INPUT, *layers]}}


def conv(**changes: Any) -> dict[str, Any]:
    return {**CONV, "config": {**CONV["config"], **changes}}


def layer(class_name: str, module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": "odd", **config},
        "registered_name": None,
    }


def weights(change: Callable[[h5py.File], None] | None = None) -> bytes:
    """Return model.weights.h5 of a model whose only layer with weights is CONV."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["layers/conv2d/vars/0"] = KERNEL
        file["layers/conv2d/vars/1"] = BIAS
        if change is not None:
            change(file)
    return buffer.getvalue()


def archive(path: Path, config: Any = None, *, stored: bytes | None = None, metadata: bytes | None = None) -> Path:
    """Write a .keras archive; `config` is JSON as bytes, or what becomes JSON."""
    text = config if isinstance(config, bytes) else json.dumps(sequential(CONV) if config is None else config).encode()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", metadata or b'{"keras_version": "3.15.1"}')
        file.writestr("config.json", text)
        file.writestr("model.weights.h5", weights() if stored is None else stored)
    return path


def hdf5(path: Path, config: Any = None, change: Callable[[h5py.File], None] | None = None) -> Path:
    """Write an .h5 file as Keras 3 writes it."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "3.15.1"
        file.attrs["model_config"] = json.dumps(sequential(CONV) if config is None else config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"conv"]
        group.create_group("conv").attrs["weight_names"] = [b"conv/kernel", b"conv/bias"]
        group["conv/conv/kernel"] = KERNEL
        group["conv/conv/bias"] = BIAS
        if change is not None:
            change(file)
    return path


Maker = Callable[[Path], Path]
# Name of the case: what makes it, and a part of the line that is expected
REFUSED: dict[str, tuple[Maker, str]] = {}


def refused(expected: str) -> Callable[[Maker], Maker]:
    def remember(maker: Maker) -> Maker:
        REFUSED[maker.__name__] = (maker, expected)
        return maker

    return remember


def with_member(path: Path, name: str, content: bytes = b"", **attributes: Any) -> Path:
    archive(path)
    with zipfile.ZipFile(path, "a") as file:
        entry = zipfile.ZipInfo(name)
        for key, value in attributes.items():
            setattr(entry, key, value)
        file.writestr(entry, content)
    return path


@refused("two members of one name, config.json")
def two_configurations(folder: Path) -> Path:
    return with_member(folder / "m.keras", "config.json", json.dumps(sequential()).encode())


@refused("a member that points outside, ../evil")
def traversal(folder: Path) -> Path:
    return with_member(folder / "m.keras", "../evil", b"x")


@refused("a member that points outside, /tmp/evil")
def absolute_name(folder: Path) -> Path:
    return with_member(folder / "m.keras", "/tmp/evil", b"x")


@refused("a member that points outside, ..\\evil")
def backslashes(folder: Path) -> Path:
    return with_member(folder / "m.keras", "..\\evil", b"x")


@refused("a symbolic link, assets/link")
def symbolic_link(folder: Path) -> Path:
    return with_member(folder / "m.keras", "assets/link", b"/etc/passwd", external_attr=0o120777 << 16, create_system=3)


@refused("compression method 14, extra")
def unusual_compression(folder: Path) -> Path:
    path = archive(folder / "m.keras")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as file:
        file.writestr("extra", b"x")
    return path


@refused("an encrypted member, config.json")
def encrypted(folder: Path) -> Path:
    path = archive(folder / "m.keras")
    content = bytearray(path.read_bytes())
    begin = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)  # config.json's entry in the directory
    content[begin + 8] |= 1
    path.write_bytes(content)
    return path


@refused("two members that share their bytes")
def shared_bytes(folder: Path) -> Path:
    path = with_member(folder / "m.keras", "extra", b"x")
    content = bytearray(path.read_bytes())
    begin = content.rindex(b"PK\x01\x02")
    content[begin + 42 : begin + 46] = struct.pack("<L", 0)
    path.write_bytes(content)
    return path


@refused("two different headers of one member, model.weights.h5")
def two_headers(folder: Path) -> Path:
    path = archive(folder / "m.keras")
    content = bytearray(path.read_bytes())
    begin = content.index(b"model.weights.h5")
    content[begin : begin + 5] = b"MODEL"
    path.write_bytes(content)
    return path


@refused("damaged zip archive")
def wrong_checksum(folder: Path) -> Path:
    path = archive(folder / "m.keras")
    content = bytearray(path.read_bytes())
    place = content.index(KERNEL.tobytes())
    content[place + 2] ^= 0x40
    path.write_bytes(content)
    return path


@refused("unpack to")
def bomb(folder: Path) -> Path:
    """200 MB in 200 kB."""
    path = folder / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("config.json", bytes(200_000_000))
    return path


@refused("config.json is longer than 16.0 MiB")
def long_configuration(folder: Path) -> Path:
    return archive(folder / "m.keras", b" " * 20_000_000)


@refused("too many members")
def many_members(folder: Path) -> Path:
    path = archive(folder / "m.keras")
    with zipfile.ZipFile(path, "a") as file:
        for number in range(10_001):
            file.writestr(str(number), b"")
    return path


@refused("cut off or damaged")
def truncated_archive(folder: Path) -> Path:
    path = archive(folder / "m.keras")
    path.write_bytes(path.read_bytes()[:-100])
    return path


@refused("a damaged HDF5 file")
def truncated_hdf5(folder: Path) -> Path:
    path = hdf5(folder / "m.h5")
    path.write_bytes(path.read_bytes()[:-1000])
    return path


@refused("a damaged HDF5 file")
def weights_that_are_no_hdf5(folder: Path) -> Path:
    return archive(folder / "m.keras", stored=b"not HDF5")


@refused("an architecture and no weights")
def no_weights(folder: Path) -> Path:
    path = folder / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(sequential(CONV)))
    return path


@refused("a zip archive and an HDF5 file at once")
def both_formats(folder: Path) -> Path:
    path = hdf5(folder / "m.h5")
    buffer = archive(folder / "other.keras")
    path.write_bytes(path.read_bytes() + buffer.read_bytes())
    buffer.unlink()
    return path


@refused("is not a regular file. Received: a named pipe (FIFO)")
def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "m.keras")
    return folder / "m.keras"


@refused("config.json is not UTF-8. Received: a wrong byte at 1")
def not_utf8(folder: Path) -> Path:
    return archive(folder / "m.keras", b'"\xff"')


@refused("config.json is not JSON")
def not_json(folder: Path) -> Path:
    return archive(folder / "m.keras", b"{")


@refused("holds a key twice. Received: class_name")
def key_twice(folder: Path) -> Path:
    return archive(folder / "m.keras", b'{"class_name": "Sequential", "class_name": "Functional", "config": {}}')


@refused("nested too deep")
def deep(folder: Path) -> Path:
    return archive(folder / "m.keras", b"[" * 100_000 + b"]" * 100_000)


@refused("nested too deep")
def deep_enough_to_parse(folder: Path) -> Path:
    return archive(folder / "m.keras", b"[" * 300 + b"]" * 300)


@refused("holds too many values")
def many_values(folder: Path) -> Path:
    return archive(folder / "m.keras", b"[" + b"0," * 2_100_000 + b"0]")


@refused("is not JSON")
def long_number(folder: Path) -> Path:
    return archive(folder / "m.keras", b"9" * 10_000)


@refused("the configuration is not one that Keras writes")
def no_model(folder: Path) -> Path:
    return archive(folder / "m.keras", [1, 2])


@refused("too many layers, or calls of them. Received: 20,001 (limit 4,000)")
def many_layers(folder: Path) -> Path:
    return archive(folder / "m.keras", sequential(*[layer("ReLU")] * 20_000))


@refused("or calls of them. Received: 3,486,784,401")
def calls_that_multiply(folder: Path) -> Path:
    """Twenty models in one another, each called twice in the next: a million calls, from 20 kB."""
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32"}}
    inner: dict[str, Any] = {**layer("ReLU"), "name": "odd", "inbound_nodes": [{"args": [tensor], "kwargs": {}}] * 3}
    for number in range(20):
        config = {"name": f"m{number}", "layers": [inner], "input_layers": ["in", 0, 0], "output_layers": ["x", 1, 0]}
        inner = {
            "module": "keras",
            "class_name": "Functional",
            "config": config,
            "inbound_nodes": inner["inbound_nodes"][:2],
        }
    return archive(folder / "m.keras", inner)


@refused("a soft or external link at layers/other")
def external_link(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file["layers/other"] = h5py.ExternalLink("/etc/passwd", "/")

    return archive(folder / "m.keras", stored=weights(change))


@refused("a soft or external link at model_weights/conv/other")
def soft_link(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file["model_weights/conv/other"] = h5py.SoftLink("/model_weights")

    return hdf5(folder / "m.h5", change=change)


@refused("one object under two names at model_weights/conv/loop")
def group_loop(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file["model_weights/conv/loop"] = file["model_weights"]

    return hdf5(folder / "m.h5", change=change)


@refused("external storage at stolen")
def external_storage(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file.create_dataset("stolen", (100,), "u1", external=[("/etc/passwd", 0, 100)])

    return hdf5(folder / "m.h5", change=change)


@refused("a virtual data set at virtual")
def virtual(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((10,), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (10,))
        file.create_virtual_dataset("virtual", layout)

    return hdf5(folder / "m.h5", change=change)


@refused("filter 32000 at compressed")
def unusual_filter(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file.create_dataset("compressed", data=np.zeros(1000), compression="lzf")

    return hdf5(folder / "m.h5", change=change)


@refused("0 bytes stored for 7450.6 GiB declared at huge")
def declared_and_not_stored(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file.create_dataset("huge", (1_000_000, 1_000_000), "f8", chunks=(1000, 1000))

    return hdf5(folder / "m.h5", change=change)


@refused("that unpack to")
def compressed_zeros(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file.create_dataset("zeros", data=np.zeros(20_000_000, "f4"), compression="gzip", chunks=(1_000_000,))

    return hdf5(folder / "m.h5", change=change)


@refused("groups nested too deep")
def deep_groups(folder: Path) -> Path:
    return hdf5(folder / "m.h5", change=lambda file: file.create_group("/".join("g" * 200)))


@refused("a named data type at type")
def named_type(folder: Path) -> Path:
    def change(file: h5py.File) -> None:
        file["type"] = np.dtype("f4")

    return hdf5(folder / "m.h5", change=change)


@refused(
    "the weights do not fit the architecture. Received: 20 weights in the file, 12,000,000,000 in its architecture"
)
def kernel_of_48_gigabytes(folder: Path) -> Path:
    return archive(folder / "m.keras", sequential(conv(filters=2_000_000_000, kernel_size=[1, 6], use_bias=False)))


@refused("the weights do not fit the architecture. Received: shape (3, 3, 1, 2) for m/conv/kernel")
def kernel_of_another_shape(folder: Path) -> Path:
    return hdf5(folder / "m.h5", sequential(conv(filters=1_000_000)))


@refused("needs more memory than allowed")
def huge_activation(folder: Path) -> Path:
    return archive(folder / "m.keras", sequential(CONV, layer("UpSampling2D", size=[1_000_000, 1_000_000])))


@refused("needs more memory than allowed")
def huge_input(folder: Path) -> Path:
    config = sequential(CONV)
    config["config"]["layers"][0] = {**INPUT, "config": {"batch_shape": [None, 10**6, 10**6, 1], "name": "in"}}
    return archive(folder / "m.keras", config)


@refused("cannot be loaded")
def negative_filters(folder: Path) -> Path:
    return archive(folder / "m.keras", sequential(conv(filters=-2)))


@refused("cannot be loaded")
def unknown_argument(folder: Path) -> Path:
    return archive(folder / "m.keras", sequential(conv(**{"bad\nargument": 1})))


@refused("cannot be loaded")
def loop_of_calls(folder: Path) -> Path:
    def entry(name: str, source: str) -> dict[str, Any]:
        tensor = {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32"}}
        tensor["config"]["keras_history"] = [source, 0, 0]
        nodes = [{"args": [tensor], "kwargs": {}}]
        return {**layer("ReLU"), "config": {"name": name}, "name": name, "inbound_nodes": nodes}

    inputs = {**INPUT, "name": "in", "inbound_nodes": []}
    config = {"name": "m", "layers": [inputs, entry("a", "b"), entry("b", "a")]}
    config |= {"input_layers": ["in", 0, 0], "output_layers": ["b", 0, 0]}
    return archive(folder / "m.keras", {"module": "keras", "class_name": "Functional", "config": config})


@refused("the weights do not fit the architecture")
def another_number_of_layers(folder: Path) -> Path:
    return hdf5(folder / "m.h5", sequential(CONV, {**CONV, "config": {**CONV["config"], "name": "second"}}))


def varint(value: int) -> bytes:
    result = b""
    value &= (1 << 64) - 1
    while value >= 0x80:
        result += bytes([value & 0x7F | 0x80])
        value >>= 7
    return result + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    """Return a field of a protocol buffer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(shape: tuple[int, ...], size: int, **changes: int) -> bytes:
    """Return what an index says about a tensor of float32."""
    at = {"dtype": 1, "shard": 0, "offset": 0, **changes}
    axes = b"".join(field(2, field(1, axis)) for axis in shape)
    return field(1, at["dtype"]) + field(2, axes) + field(3, at["shard"]) + field(4, at["offset"]) + field(5, size)


def block(rows: list[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    """Return a block of a table, with a wrong checksum, which says nothing about what is in it."""
    content = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in rows)
    return content + struct.pack("<2L", 0, 1) + bytes([kind]) + bytes(4)


def table(rows: list[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    first = block(rows, kind)
    empty, handle = block([]), varint(0) + varint(len(first) - 5)
    second = block([(b"~", handle)])
    ends = varint(len(first)) + varint(len(empty) - 5) + varint(len(first + empty)) + varint(len(second) - 5)
    return first + empty + second + ends.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def checkpoint(folder: Path, rows: dict[str, bytes], *, shards: int = 1, kind: int = 0, size: int = 80) -> Path:
    """Write a checkpoint with that index, and one file with as many bytes of values; return its folder."""
    path = folder / "c"
    path.mkdir()
    entries = [(b"", field(1, shards)), *((key.encode(), value) for key, value in rows.items())]
    (path / "m.index").write_bytes(table(entries, kind))
    (path / "m.data-00000-of-00001").write_bytes(bytes(size))
    return path


@refused("has a damaged index. Received: 72 bytes stored for 3725.3 GiB declared for w/kernel")
def tensor_of_4_terabytes(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((1_000_000, 1_000_000), 72)})


@refused("has a damaged index. Received: a negative size for w/kernel")
def negative_axis(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((-3, -6), 72)})


@refused("has a damaged index. Received: 40 axes for w/kernel")
def forty_axes(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((1,) * 40, 4)})


@refused("has a damaged index. Received: bytes up to 80 of 50 for w/kernel")
def truncated_values(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((4, 5), 80)}, size=50)


@refused("has a damaged index. Received: bytes up to 108 of 80 for w/kernel")
def values_behind_the_end(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((2, 2), 16, offset=92)})


@refused("has a damaged index. Received: a negative size for w/kernel")
def values_before_the_beginning(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((2, 2), 16, offset=-92)})


@refused("has a damaged index. Received: tensors longer than the files")
def tensors_that_share_their_bytes(folder: Path) -> Path:
    return checkpoint(folder, {f"w{number}/kernel": tensor((4, 5), 80) for number in range(2)})


@refused("has a damaged index. Received: file 7 of 1 for w/kernel")
def file_that_is_not_there(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((4, 5), 80, shard=7)})


@refused("m is not complete. Received: no file m.data-00000-of-00003")
def missing_files(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((4, 5), 80)}, shards=3)


@refused("has a damaged index. Received: 4,294,967,296 files of values")
def four_billion_files(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((4, 5), 80)}, shards=1 << 32)


@refused("has a damaged index. Received: a compressed block")
def compressed_index(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((4, 5), 80)}, kind=1)


@refused("has a damaged index. Received: names that are too long or out of order")
def long_name(folder: Path) -> Path:
    return checkpoint(folder, {"w" * 20_000: tensor((4, 5), 80)})


@refused("has a damaged index. Received: names that are too long or out of order")
def names_out_of_order(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((4, 5), 80), "a": tensor((), 4)})


@refused("has a damaged index. Received: a field that is cut off")
def damaged_entry(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": b"\x12\x7f"})


@refused("holds a damaged checkpoint. Received: m.index, which is no index")
def truncated_index(folder: Path) -> Path:
    path = checkpoint(folder, {"w/kernel": tensor((4, 5), 80)})
    (path / "m.index").write_bytes((path / "m.index").read_bytes()[:-1])
    return path


@refused("m.data-00000-of-00001 is not a regular file. Received: a named pipe (FIFO)")
def fifo_of_values(folder: Path) -> Path:
    path = checkpoint(folder, {"w/kernel": tensor((4, 5), 80)})
    (path / "m.data-00000-of-00001").unlink()
    os.mkfifo(path / "m.data-00000-of-00001")
    return path


@refused("m cannot be read. Received: ")
def values_with_a_wrong_checksum(folder: Path) -> Path:
    return checkpoint(folder, {"w/kernel": tensor((4, 5), 80)})


def saved_model(folder: Path, *, program: bytes = b"", metadata: bytes | None = None) -> Path:
    path = folder / "s"
    (path / "variables").mkdir(parents=True)
    inside = checkpoint(path, {"w/kernel": tensor((4, 5), 80)})
    for file in inside.iterdir():
        file.rename(path / "variables" / file.name.replace("m.", "variables."))
    inside.rmdir()
    (path / "saved_model.pb").write_bytes(program)
    if metadata is not None:
        (path / "keras_metadata.pb").write_bytes(metadata)
    return path


def keras_metadata(text: bytes) -> bytes:
    return field(1, field(3, b"root") + field(4, b"_tf_keras_model") + field(5, text))


@refused("variables.index is not a regular file. Received: a named pipe (FIFO)")
def fifo_in_a_saved_model(folder: Path) -> Path:
    path = saved_model(folder)
    (path / "variables/variables.index").unlink()
    os.mkfifo(path / "variables/variables.index")
    return path


@refused("keras_metadata.pb is not a regular file. Received: a character device")
def device_in_a_saved_model(folder: Path) -> Path:
    path = saved_model(folder)
    (path / "keras_metadata.pb").symlink_to("/dev/zero")
    return path


@refused("s has a damaged keras_metadata.pb. Received: a field that is cut off")
def damaged_metadata(folder: Path) -> Path:
    return saved_model(folder, metadata=b"\x0a\x7f")


@refused("s has a damaged saved_model.pb. Received: a field of kind 7")
def damaged_program(folder: Path) -> Path:
    return saved_model(folder, program=b"\x0f")


@refused("s: keras_metadata.pb is nested too deep")
def deep_metadata(folder: Path) -> Path:
    return saved_model(folder, metadata=keras_metadata(b"[" * 100_000 + b"]" * 100_000))


@refused("s has too many layers, or calls of them. Received: 20,001 (limit 4,000)")
def many_layers_in_a_saved_model(folder: Path) -> Path:
    return saved_model(folder, metadata=keras_metadata(json.dumps(sequential(*[layer("ReLU")] * 20_000)).encode()))


@refused("s has a damaged keras_metadata.pb. Received: too much about its layers")
def much_metadata(folder: Path) -> Path:
    return saved_model(folder, metadata=keras_metadata(json.dumps({"x": "y" * 9_000_000}).encode()) * 8)


def graph_with_a_loop() -> bytes:
    """A SavedModel whose objects are within one another."""
    node = field(1, field(1, 0) + field(2, b"self")) + field(1, field(1, 9) + field(2, b"gone"))
    return field(2, field(7, field(1, node)))


@refused("s cannot be read. Received: ")
def loop_of_objects(folder: Path) -> Path:
    return saved_model(folder, program=graph_with_a_loop())


@refused("m.json describes no layers")
def json_of_something_else(folder: Path) -> Path:
    path = folder / "m.json"
    path.write_text('{"class_name": "Tokenizer", "config": {"num_words": 3}}')
    return path


@refused("m.json is longer than 16.0 MiB")
def long_json(folder: Path) -> Path:
    path = folder / "m.json"
    path.write_bytes(b'{"class_name": "Sequential"}'.ljust(20_000_000))
    return path


def with_objects(folder: Path) -> Path:
    """Values of a type that no weight has; never read, so no reason to refuse."""

    def change(file: h5py.File) -> None:
        file.create_dataset("references", (3,), h5py.special_dtype(ref=h5py.Reference))
        file.create_dataset("names", data=["a", "b"])

    return hdf5(folder / "m.h5", change=change)


def long_sequential(folder: Path, count: int = 1100) -> Path:
    """Many layers; for 1,100 Keras itself needs a minute, since it builds the model anew after each."""
    layers = [{**layer("ReLU"), "config": {"name": f"r{number}"}} for number in range(count)]
    return archive(folder / "m.keras", sequential(CONV, *layers))


# What is not run; a report on the weights alone is still possible
NOT_RUN: dict[str, tuple[dict[str, Any], str]] = {
    "lambda": (
        layer("Lambda", function={"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}),
        "layer 'odd': Lambda is code embedded in the file. If you trust the file, give --allow-custom-code.",
    ),
    "saved model": (layer("TFSMLayer", filepath="/tmp/x"), "TFSMLayer is a program embedded in the file"),
    "custom class": (
        layer("<b>My\nLayer\x1b[31m\u202e</b>", module="my.module"),
        "my.module.<b>My\\nLayer\\x1b[31m\\u202e</b> is not part of Keras. "
        "If you trust the file, give --custom-objects MODULE.",
    ),
    "registered class": (
        {**layer("Conv2D", module="x"), "registered_name": "mine>Conv2D"},
        "mine>Conv2D is not part of Keras",
    ),
    "builtins.eval": (layer("eval", module="builtins"), "builtins.eval is not part of Keras"),
    "os.system": (layer("system", module="os"), "os.system is not part of Keras"),
    "get_file": (layer("get_file", module="keras.utils", fname="x"), "keras.utils.get_file is not part of Keras"),
    "keras_nlp": (layer("Thing", module="keras_nlp.layers"), "keras_nlp.layers.Thing is not part of Keras"),
    "function in an activation": (
        conv(activation={"class_name": "function", "module": "os", "config": "system", "registered_name": "system"}),
        "os.function is not part of Keras",
    ),
    "name in an activation": (conv(activation="os>system"), "activation os>system is not part of Keras"),
    "lambda in an activation": (
        conv(activation={"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}),
        "a Lambda function is code embedded in the file",
    ),
    "class in an argument": (
        layer("Dropout", rate={"class_name": "plot_model", "module": "keras.utils", "config": {}}),
        "keras.utils.plot_model is not part of Keras",
    ),
    "vocabulary file": (layer("StringLookup", vocabulary="/etc/passwd"), "needs another file: "),
    "type": (
        layer("Dropout", rate={"class_name": "__typespec__", "spec_name": "TensorSpec", "module": "os", "config": []}),
        "os.__typespec__ is not part of Keras",
    ),
    "class of another kind": (layer("GlorotUniform", module="keras.initializers"), "is not part of Keras"),
    "name of a layer in a cell": (
        layer("RNN", cell=layer("MyCell", module="my")),
        "layer 'odd': my.MyCell is not part of Keras",
    ),
}


def write_all(folder: Path) -> dict[Path, str]:
    """Write every refused file into a folder of its own, and return what its line must hold; the exit code is 3."""
    expected = {}
    for name, (maker, line) in REFUSED.items():
        (folder / name).mkdir(parents=True)
        expected[maker(folder / name)] = line
    return expected
