"""Labels from files."""

from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples import read_labels


def test_labels_are_read_from_numpy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.array([1, 2]))
    np.savez(tmp_path / "a.npz", x_test=np.zeros((2, 3)), y_test=np.array([3, 4]))

    assert read_labels(tmp_path / "y.npy").values.tolist() == [1, 2]
    assert read_labels(tmp_path / "y.npy").origin == "y.npy"
    assert read_labels(str(tmp_path / "a.npz")).values.tolist() == [3, 4]
    assert read_labels(f"{tmp_path}/a.npz:y_test").origin == "a.npz, array y_test"


def test_labels_are_read_from_idx(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))

    assert read_labels(tmp_path / "labels").values.tolist() == [7, 9]


def test_labels_are_read_from_text_and_csv(tmp_path: Path) -> None:
    (tmp_path / "y.txt").write_text("cat, small\ndog\n")
    (tmp_path / "y.csv").write_text('"cat, small"\ndog\n')

    for name in ("y.txt", "y.csv"):
        given = read_labels(tmp_path / name)
        assert given.values.tolist() == ["cat, small", "dog"]
        assert given.origin == name


@pytest.mark.parametrize(("name", "mark"), [("y.csv", ","), ("y.csv", ";"), ("y.tsv", "\t")])
def test_names_and_labels_may_stand_in_any_kind_of_table(tmp_path: Path, name: str, mark: str) -> None:
    (tmp_path / name).write_text(f"file{mark}label\na.png{mark}cat\nb.png{mark}dog\n")
    given = read_labels(tmp_path / name)
    assert (given.names, given.values.tolist()) == (("file", "a.png", "b.png"), ["label", "cat", "dog"])


def test_a_csv_with_several_columns_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text("0\na.png,1\n")

    with pytest.raises(
        SamplesError, match=r"y.csv must hold one label on each line, or a file name.*Received: 2 columns on line 2."
    ):
        read_labels(tmp_path / "y.csv")


def test_a_csv_that_cannot_be_parsed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text('"' + "0" * 200_000 + '"\n')

    with pytest.raises(SamplesError, match=r"y.csv cannot be read. Received: field larger than field limit"):
        read_labels(tmp_path / "y.csv")


def test_a_missing_file_of_labels_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"--labels: no such file or folder. Received: y.txt."):
        read_labels(tmp_path / "y.txt")


def test_a_ragged_sequence_is_an_error() -> None:
    assert read_labels([1, 2]).origin == "the given labels"
    with pytest.raises(SamplesError, match=r"Received: rows of different lengths."):
        read_labels([[1, 2], [3]])


def test_three_columns_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text("a,b,c\n")
    with pytest.raises(SamplesError, match=r"or a file name and a label. Received: 3 columns on line 1."):
        read_labels(tmp_path / "y.csv")
