from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples.labels import GivenLabels, check_label_range, read_labels, to_class_indices, to_targets


def indices(
    values: object, *, count: int = 3, class_names: tuple[str, ...] | None = None
) -> tuple[list[int], tuple[str, ...]]:
    labels, notes = to_class_indices(GivenLabels(np.asarray(values), "y.npy"), count=count, class_names=class_names)
    assert labels.dtype == np.int64
    assert labels.shape == (count,)
    return labels.tolist(), notes


@pytest.mark.parametrize(
    "values",
    [[2, 0, 1], [[2], [0], [1]], [2.0, 0.0, 1.0], np.array([2, 0, 1], np.uint8), ["2", "0", "1"], ["2.0", "0", "1"]],
)
def test_integers_columns_whole_floats_and_digits_are_accepted(values: object) -> None:
    assert indices(values) == ([2, 0, 1], ("Labels: y.npy.",))


def test_one_hot_rows_are_accepted_and_said() -> None:
    for dtype in ("uint8", "float32", "bool"):
        assert indices(np.eye(4, dtype=dtype)[[3, 0, 1]]) == (
            [3, 0, 1],
            ("Labels: y.npy.", "One-hot rows were taken as labels."),
        )


def test_names_are_looked_up_among_the_class_names() -> None:
    assert indices(["dog", "cat", "dog"], class_names=("cat", "dog"))[0] == [1, 0, 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 1], r"as many as the samples, 3. Received: 2 in y.npy. Give one for each."),
        ([0, 1, 2, 3], r"as many as the samples, 3. Received: 4 in y.npy."),
        (5, r"as many as the samples, 3. Received: a single value."),
        ([0, 0.5, 1], r"labels must be whole numbers. Received: 0.5 for sample 1 in y.npy."),
        ([0, np.nan, 1], r"labels must be whole numbers. Received: nan for sample 1"),
        ([0, 1, 1e30], r"labels must be whole numbers. Received: 1e\+30 for sample 2"),
        ([0, 1, -1], r"labels must be 0 or more. Received: -1 for sample 2."),
        (np.array([0, 1, 2**63], np.uint64), r"labels must be whole numbers. Received: 9223372036854775808"),
        (["cat", "dog", "cat"], r"need the class names in the model's order. Received: 'cat' in y.npy.*--class-names"),
        ([[1, 0], [0, 1], [1, 1]], r"must be one-hot: a single 1 in each row. Received: row 2 of y.npy is not."),
        ([[1, 0], [0, 0], [1, 0]], r"must be one-hot.*row 1"),
        ([[0.9, 0.1]] * 3, r"must be one-hot.*row 0"),
        (np.zeros((3, 2, 2)), r"one for each sample or one-hot rows. Received: shape \(3, 2, 2\) in y.npy."),
        (np.array([None] * 3), r"labels must be whole numbers. Received: dtype object in y.npy."),
    ],
)
def test_what_is_no_label_is_an_error_that_says_what_was_received(values: object, message: str) -> None:
    with pytest.raises(SamplesError, match=message):
        indices(values)


def test_labels_beyond_the_class_names_are_an_error() -> None:
    with pytest.raises(
        SamplesError, match=r"labels must be 0 to 1, for 2 class names. Received: 2 for sample 1. Check that"
    ):
        indices([0, 2, 1], class_names=("cat", "dog"))


def test_an_unknown_or_ambiguous_name_is_an_error() -> None:
    with pytest.raises(SamplesError, match=r"label 'cow' for sample 1 cannot be used: it is no class name"):
        indices(["cat", "cow", "dog"], class_names=("cat", "dog"))
    with pytest.raises(SamplesError, match=r"label 'crane' for sample 0 cannot be used: more than one class"):
        indices(["crane", "a", "a"], class_names=("crane", "crane", "a"))


def test_a_heading_above_numbers_is_left_out_and_said() -> None:
    assert indices(["label", "2", "0", "1"]) == (
        [2, 0, 1],
        ("Labels: y.npy.", "The first line, 'label', was taken for a heading."),
    )


def test_one_name_too_many_is_not_taken_for_a_heading() -> None:
    with pytest.raises(SamplesError, match="Received: 4 in"):
        indices(["label", "a", "b", "a"], class_names=("a", "b"))


def test_the_range_can_be_checked_against_the_models_outputs() -> None:
    check_label_range(np.array([0, 9]), classes=10, limit_set_by="outputs of the model")
    with pytest.raises(SamplesError, match=r"0 to 9, for 10 outputs of the model. Received: 10 for sample 1."):
        check_label_range(np.array([0, 10]), classes=10, limit_set_by="outputs of the model")


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


@pytest.mark.parametrize("values", [[0.5, 1, 2], [-1, 0, 3], [[0.5], [1], [2]], np.array(["0.5", "1", "2"])])
def test_fractions_and_negative_numbers_are_targets(values: object) -> None:
    targets = to_targets(GivenLabels(np.asarray(values), "y.npy"), count=3)
    assert targets is not None
    assert targets.tolist() == np.asarray(values, np.float64).ravel().tolist()


@pytest.mark.parametrize(
    "values", [[0, 1, 2], [0.0, 1.0, 2.0], [0.5, 1], [0.5, np.nan, 1], [[0.5, 0.5]] * 3, np.array(["a", "b", "c"])]
)
def test_class_numbers_and_what_is_no_number_for_each_sample_are_no_targets(values: object) -> None:
    assert to_targets(GivenLabels(np.asarray(values), "y.npy"), count=3) is None
