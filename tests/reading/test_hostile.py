"""Files from strangers: refused in one line, or not run; after few steps, and without a trace."""

import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hostile
import pytest

from reportgen.errors import ModelError
from reportgen.reading.loading.load import LoadedModel, read_model
from reportgen.reading.loading.weights_only import WeightsOnly

MOST_CALLS = 3_000_000  # a second's or two's; benchmarks/files.py measures the time
LONGEST_LINE = 700


@pytest.fixture(autouse=True)
def nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No connection, no temporary file left, nothing written beside the file."""

    def connect(*_: object) -> None:
        raise AssertionError("a connection was tried")

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    (tmp_path / "file").mkdir()
    monkeypatch.chdir(tmp_path / "file")
    yield
    assert list(temporary.iterdir()) == []
    assert len(list((tmp_path / "file").iterdir())) <= 1


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Count the functions called, of Python and of C: what a busy machine does not change; [0] is their number."""
    calls = [0]

    def count(frame: object, event: str, argument: object) -> None:
        calls[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def assert_one_line(message: str, folder: Path) -> None:
    assert message.isprintable()
    assert len(message) <= LONGEST_LINE
    assert str(folder) not in message


def test_the_untouched_models_are_run(tmp_path: Path) -> None:
    for path in (hostile.archive(tmp_path / "m.keras"), hostile.hdf5(tmp_path / "m.h5")):
        loaded = read_model(path)
        assert loaded.model.get_layer("conv").get_weights()[0].sum() == 18
        assert loaded.rewrites == ()


@pytest.mark.parametrize("case", hostile.REFUSED)
def test_hostile_file_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    maker, expected = hostile.REFUSED[case]
    path = maker(tmp_path / "file")
    with pytest.raises(ModelError) as caught, counted_calls() as calls:
        read_model(path)
    assert calls[0] <= MOST_CALLS
    assert expected in str(caught.value)
    assert caught.value.exit_code == 3
    assert_one_line(str(caught.value), tmp_path)


@pytest.mark.parametrize("make", [hostile.archive, hostile.hdf5])
@pytest.mark.parametrize("case", hostile.NOT_RUN)
def test_code_that_is_not_keras_is_named_and_not_run(tmp_path: Path, case: str, make) -> None:
    layer, expected = hostile.NOT_RUN[case]
    layers = [layer] if layer["class_name"] == "Conv2D" else [hostile.CONV, layer]
    path = make(tmp_path / "file" / "model", hostile.sequential(*layers))
    result = read_model(path)
    assert isinstance(result, WeightsOnly)
    assert expected in result.message
    assert_one_line(result.message, tmp_path)
    assert [kernel.values.sum() for kernel in result.kernels] == [18]
    assert "cannot be run" in result.message


def test_a_refused_model_leaves_nothing_that_keras_would_allocate_later(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        read_model(hostile.kernel_of_48_gigabytes(tmp_path / "file"))
    import keras

    with keras.StatelessScope():
        pass


def test_values_of_an_unusual_type_are_passed_over(tmp_path: Path) -> None:
    assert read_model(hostile.with_objects(tmp_path / "file")).model.get_layer("conv").get_weights()[0].sum() == 18


@pytest.mark.slow
def test_three_times_as_many_layers_take_three_times_as_many_steps(tmp_path: Path) -> None:
    """Keras itself builds a Sequential model anew after each layer, which takes nine times as many."""
    steps = []
    for count in (2, 100, 300):  # the first for what Keras imports late
        path = hostile.long_sequential(tmp_path / "file", count)
        with counted_calls() as calls:
            assert read_model(path).model.get_layer("conv").get_weights()[0].sum() == 18
        steps.append(calls[0])
    assert 2.5 * steps[1] < steps[2] < 3.2 * steps[1]


def test_memory_limit_is_kept(tmp_path: Path) -> None:
    path = hostile.archive(tmp_path / "file" / "m.keras")
    with pytest.raises(ModelError, match=r"needs more memory than allowed\. Received: 80 bytes of weights"):
        read_model(path, memory_limit=79)
    with pytest.raises(ModelError, match=r"Received: 224 bytes, of which 144 bytes for the output of in "):
        read_model(path, memory_limit=223)
    assert isinstance(read_model(path, memory_limit=224), LoadedModel)


@pytest.mark.slow
def test_all_hostile_files_together_need_less_than_a_gigabyte(tmp_path: Path) -> None:
    """Of memory, above what Keras and one small model need."""
    import resource

    read_model(hostile.archive(tmp_path / "m.keras"))
    files = hostile.write_all(tmp_path / "temporary" / "set")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in files:
        with pytest.raises(ModelError):
            read_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20  # in KiB
    shutil.rmtree(tmp_path / "temporary" / "set")
