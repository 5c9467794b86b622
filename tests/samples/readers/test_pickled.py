"""CIFAR's batches and other dictionaries of arrays; every other pickle is refused."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples import open_samples
from reportgen.samples.labels import Accepts, ClassLabels
from reportgen.samples.source import SampleSource

X = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
Y = [0, 1, 2, 0, 1, 2]
BATCH = {b"data": X.transpose(0, 3, 1, 2).reshape(6, -1), b"labels": Y, b"filenames": [b"a.png"] * 6}


def opened(
    path: Path, content: Any, shape: tuple[int, ...] = (8, 8, 3), protocol: int = 2, **more: Any
) -> SampleSource:
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return open_samples(path, Accepts(input_shape=shape, **more))


def labels(source: SampleSource) -> list[int] | None:
    return source.labels.values.tolist() if isinstance(source.labels, ClassLabels) else None


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_batch_gives_images_and_labels(tmp_path: Path, protocol: int) -> None:
    source = opened(tmp_path / "data_batch_1", BATCH, protocol=protocol)

    assert source.shape == (8, 8, 3)
    assert source.read([5, 0]).tolist() == X[[5, 0]].tolist()
    assert labels(source) == Y
    assert source.description == "data_batch_1"
    assert "A batch of CIFAR's layout: planes of red, green and blue." in source.steps


def test_planes_stay_where_the_model_has_the_channels_first_or_takes_them_flat(tmp_path: Path) -> None:
    assert opened(tmp_path / "a", BATCH, (3, 8, 8)).read([1]).tolist() == np.moveaxis(X[[1]], -1, 1).tolist()
    assert opened(tmp_path / "a", BATCH, (192,)).shape == (192,)


def test_the_names_of_the_classes_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "batches.meta").write_bytes(pickle.dumps({b"label_names": [b"cat", b"dog", b"bird"]}, protocol=2))
    (tmp_path / "meta").write_bytes(pickle.dumps({"fine_label_names": ["a", "b", "c"]}))

    assert opened(tmp_path / "test_batch", BATCH).class_names == ("cat", "dog", "bird")
    fine = {"data": BATCH[b"data"], "fine_labels": Y, "coarse_labels": [0] * 6}
    source = opened(tmp_path / "test", fine)
    assert (source.class_names, labels(source)) == (("a", "b", "c"), Y)
    (tmp_path / "meta").write_bytes(b"x")
    assert opened(tmp_path / "test", fine).class_names is None


def test_a_dictionary_of_arrays_is_read_by_its_names(tmp_path: Path) -> None:
    source = opened(tmp_path / "test.p", {"features": X, "labels": np.array(Y), "sizes": np.ones((6, 2))}, protocol=4)

    assert source.description == "test.p, array features"
    assert labels(source) == Y


class Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {"x": slice(3)}, "code"])
def test_every_other_pickle_is_refused_with_what_to_do(tmp_path: Path, content: Any) -> None:
    content = {"data": Runs(tmp_path / "made")} if content == "code" else content

    with pytest.raises(
        SamplesError,
        match=r"^x.pkl is a Python pickle, which is not opened because it can run code.*If you trust it, load",
    ):
        opened(tmp_path / "x.pkl", content)
    assert not (tmp_path / "made").exists()


def test_a_cut_and_a_large_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"a needs more memory than allowed. Received: .* of a pickle"):
        opened(tmp_path / "a", BATCH, memory_limit=100)
    (tmp_path / "a").write_bytes(pickle.dumps(BATCH)[:500])
    with pytest.raises(SamplesError, match=r"Received: it is damaged"):
        open_samples(tmp_path / "a", Accepts(input_shape=(8, 8, 3)))
