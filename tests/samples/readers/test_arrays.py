import gzip
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples.naming import split_array_name
from reportgen.samples.readers import find_samples, read_labels
from reportgen.samples.readers.arrays import StoredArray

X = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
Y = np.array([3, 4])


def stored(source: str | Path) -> StoredArray:
    array = find_samples(source)
    assert isinstance(array, StoredArray)
    return array


def saved(tmp_path: Path, **arrays: np.ndarray) -> Path:
    np.savez(tmp_path / "s.npz", **arrays)  # type: ignore[arg-type]
    return tmp_path / "s.npz"


def test_the_sole_array_is_chosen_whatever_its_name(tmp_path: Path) -> None:
    array = stored(saved(tmp_path, digits=X))

    assert array.values.tolist() == X.tolist()
    assert (array.name, array.description) == ("digits", "s.npz, array digits")
    assert array.labels is None
    assert array.notes == ()


def test_labels_are_found_beside_the_samples(tmp_path: Path) -> None:
    array = stored(saved(tmp_path, x_test=X, y_test=Y, y_train=np.zeros(5)))

    assert array.labels is not None
    assert array.labels.values.tolist() == [3, 4]
    assert array.labels.origin == "array y_test beside x_test"


@pytest.mark.parametrize(
    ("samples", "labels"),
    [
        ("x", "y"),
        ("X_val", "Y_val"),
        ("images", "labels"),
        ("test_images", "test_labels"),
        ("image", "label"),
        ("digits", "y"),
        ("digits", "label"),
    ],
)
def test_labels_are_found_by_the_name_of_the_samples(tmp_path: Path, samples: str, labels: str) -> None:
    array = stored(saved(tmp_path, **{samples: X, labels: Y}))

    assert array.name == samples
    assert array.labels.origin == f"array {labels} beside {samples}"


def test_labels_of_another_split_are_not_taken(tmp_path: Path) -> None:
    assert stored(saved(tmp_path, x_test=X, x_train=X, y_train=Y)).labels is None


def test_the_test_split_is_preferred_and_the_choice_is_said(tmp_path: Path) -> None:
    array = stored(saved(tmp_path, x_train=X, x_test=X + 1, y_test=Y, y_train=Y))

    assert array.name == "x_test"
    assert array.notes == ("Array x_test was chosen from x_train, x_test.",)


def test_an_array_can_be_named(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=X, x_test=X + 1, y_test=Y, y_train=Y + 1)

    array = stored(f"{path}:x_train")

    assert array.values.tolist() == X.tolist()
    assert array.labels is not None
    assert array.labels.values.tolist() == [4, 5]
    assert array.notes == ()


def test_an_ambiguous_archive_lists_its_arrays_and_says_how_to_name_one(tmp_path: Path) -> None:
    path = saved(tmp_path, a=X, b=X, y=Y, names=np.array(["p", "q"]))

    with pytest.raises(SamplesError) as caught:
        find_samples(path)

    assert str(caught.value) == (
        "s.npz does not say which array holds the samples. Received: a, b. Name it: s.npz:NAME."
    )


def test_an_archive_of_labels_alone_holds_no_samples(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"which array holds the samples. Received: y, y_test."):
        find_samples(saved(tmp_path, y=Y, y_test=Y))


def test_an_empty_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        SamplesError, match=r"holds no samples. Received: a zip file without arrays and without images."
    ):
        find_samples(saved(tmp_path))


def test_labels_are_chosen_from_an_archive(tmp_path: Path) -> None:
    assert read_labels(saved(tmp_path, x=X, y_test=Y)).origin == "s.npz, array y_test"
    assert read_labels(saved(tmp_path, classes=Y)).origin == "s.npz, array classes"
    assert read_labels(saved(tmp_path, y_train=Y, y_test=Y)).origin == "s.npz, array y_test"
    with pytest.raises(SamplesError, match=r"which array holds the labels. Received: y_a, y_b."):
        read_labels(saved(tmp_path, y_a=Y, y_b=Y))


def test_objects_are_refused_with_the_reason_as_samples_and_as_labels(tmp_path: Path) -> None:
    objects = np.array([None, None])
    for arrays in ({"x": objects}, {"x": X, "y": objects}):
        np.savez(tmp_path / "s.npz", **arrays)  # type: ignore[arg-type]
        with pytest.raises(SamplesError, match="holds pickled Python objects, which are never loaded"):
            find_samples(tmp_path / "s.npz")


def test_an_unrelated_member_that_cannot_be_read_does_no_harm(tmp_path: Path) -> None:
    assert stored(saved(tmp_path, x=X, meta=np.array([None]))).name == "x"


def test_npy_is_named_after_its_file(tmp_path: Path) -> None:
    np.save(tmp_path / "x_test.npy", X)

    array = stored(tmp_path / "x_test.npy")

    assert (array.name, array.description) == ("x_test", "x_test.npy")


def test_the_first_bytes_count_and_not_the_ending(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    saved(tmp_path, x=X).rename(tmp_path / "b.npy")

    assert stored(tmp_path / "a.npz").values.tolist() == X.tolist()
    assert stored(tmp_path / "b.npy").values.tolist() == X.tolist()


def test_another_file_named_npz_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("text")
    with pytest.raises(SamplesError, match=r"a.npz is not a NumPy archive. Received: a file of another kind."):
        find_samples(tmp_path / "a.npz")

    (tmp_path / "a.npz").write_bytes(b"")
    with pytest.raises(SamplesError, match=r"Received: an empty file."):
        find_samples(tmp_path / "a.npz")


def test_idx_comes_with_the_labels_beside_it(tmp_path: Path) -> None:
    images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2]) + X.tobytes()
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 3, 4]))

    array = stored(tmp_path / "t10k-images-idx3-ubyte.gz")

    assert array.values.tolist() == X.tolist()
    assert array.name == "t10k-images-idx3-ubyte"
    assert array.labels is not None
    assert array.labels.values.tolist() == [3, 4]
    assert array.labels.origin == "t10k-labels-idx1-ubyte beside t10k-images-idx3-ubyte.gz"


def test_idx_alone_has_no_labels(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 5]))

    assert stored(tmp_path / "x").labels is None


def test_a_name_with_colons_is_split_only_after_an_archive(tmp_path: Path) -> None:
    path = saved(tmp_path, x=X)
    np.savez(tmp_path / "with:colon.npz", x=X)

    assert split_array_name(f"{path}:a:b") == (path, "a:b")
    assert split_array_name(tmp_path / "with:colon.npz") == (tmp_path / "with:colon.npz", None)
    assert split_array_name(f"{tmp_path}/with:colon.npz:x") == (tmp_path / "with:colon.npz", "x")
    assert split_array_name("C:\\missing.npz") == (Path("C:\\missing.npz"), None)
    assert split_array_name(f"{tmp_path}:x") == (Path(f"{tmp_path}:x"), None)
