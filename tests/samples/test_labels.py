"""Labels as a type."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples import ClassNames, read_labels
from reportgen.samples.labels import (
    VOID,
    Accepts,
    ClassLabels,
    GivenLabels,
    LabelSets,
    PictureTargets,
    Targets,
    Unused,
    classes_of,
    joined_labels,
    understand,
)

ANY = Accepts(input_shape=None)
NUMBERS = Accepts(input_shape=None, targets=True)


def indices(
    values: object, *, count: int = 3, class_names: tuple[str, ...] | None = None
) -> tuple[list[int], tuple[str, ...]]:
    names = None if class_names is None else ClassNames(class_names)
    labels = understand(GivenLabels(np.asarray(values), "y.npy"), ANY, count=count, class_names=names)
    assert isinstance(labels, ClassLabels)
    assert labels.values.dtype == np.int64
    assert labels.values.shape == (count,)
    return labels.values.tolist(), labels.notes


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
        (np.zeros((3, 0)), r"one for each sample or one-hot rows. Received: shape \(3, 0\) in y.npy."),
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
        ("Labels: y.npy.", "The first line, 'label', was taken as a header."),
    )


def test_one_name_too_many_is_not_taken_for_a_heading() -> None:
    with pytest.raises(SamplesError, match="Received: 4 in"):
        indices(["label", "a", "b", "a"], class_names=("a", "b"))


@pytest.mark.parametrize("values", [[0.5, 1, 2], [-1, 0, 3], [[0.5], [1], [2]], np.array(["0.5", "1", "2"])])
def test_fractions_and_negative_numbers_are_targets(values: object) -> None:
    labels = understand(GivenLabels(np.asarray(values), "y.npy"), NUMBERS, count=3)
    assert isinstance(labels, Targets)
    assert labels.values.tolist() == np.asarray(values, np.float64).ravel().tolist()
    with pytest.raises(SamplesError):
        understand(GivenLabels(np.asarray(values), "y.npy"), ANY, count=3)


@pytest.mark.parametrize("values", [[0, 1, 2], [0.0, 1.0, 2.0], [[0], [1], [2]], ["0", "1", "2"]])
def test_class_numbers_are_no_targets(values: object) -> None:
    assert isinstance(understand(GivenLabels(np.asarray(values), "y.npy"), NUMBERS, count=3), ClassLabels)


@pytest.mark.parametrize("values", [[0.5, 1], [0.5, np.nan, 1], [[0.5, 0.5]] * 3, ["a", "b", "c"]])
def test_what_is_no_number_for_each_sample_is_no_target(values: object) -> None:
    with pytest.raises(SamplesError):
        understand(GivenLabels(np.asarray(values), "y.npy"), NUMBERS, count=3)


ROWS = np.array([[1, 0, 1], [0, 0, 0]])


@pytest.mark.parametrize(
    ("accepted", "values", "kind"),
    [
        ("all", ROWS, LabelSets),
        ("several", ROWS, LabelSets),
        ("all", np.eye(3)[:2], LabelSets),
        ("several", np.eye(3)[:2], ClassLabels),
        ("none", np.eye(3)[:2], ClassLabels),
        ("all", [[1], [0]], ClassLabels),
    ],
)
def test_rows_of_0_and_1_are_sets_where_the_model_accepts_them(accepted: Any, values: object, kind: type) -> None:
    accepts = Accepts(input_shape=None, label_sets=accepted)
    labels = understand(GivenLabels(np.asarray(values), "y.npy"), accepts, count=2)
    assert type(labels) is kind
    if isinstance(labels, LabelSets):
        assert (labels.values.dtype, labels.values.tolist()) == (np.bool_, (np.asarray(values) == 1).tolist())


def test_sets_say_how_many_classes_a_sample_has() -> None:
    labels = understand(GivenLabels(ROWS, "y.npy"), Accepts(input_shape=None, label_sets="all"), count=2)
    assert labels.notes == ("Labels: y.npy. Each row of 0 and 1 was taken as its sample's classes: 1 of 3 on average.",)


def test_labels_of_several_sources_are_joined_in_order_with_each_note_once() -> None:
    first, second = ClassLabels(np.array([1]), ("a", "b")), ClassLabels(np.array([0, 2]), ("b", "c"))
    both = joined_labels([first, second])
    assert isinstance(both, ClassLabels)
    assert (both.values.tolist(), both.notes) == ([1, 0, 2], ("a", "b", "c"))
    assert joined_labels([None, None]) is None
    assert joined_labels([Unused("why"), None]) == Unused("why")


def test_some_labels_are_taken_in_the_order_asked_for() -> None:
    labels = Targets(np.array([0.5, 1.5, 2.5]), ("a",))
    assert labels.take([2, 0]).values.tolist() == [2.5, 0.5]
    assert labels.take(slice(2)).values.tolist() == [0.5, 1.5]
    assert (type(labels.take([])), labels.take([]).notes) == (Targets, ("a",))


def test_only_class_labels_and_sets_name_classes() -> None:
    labels, sets = ClassLabels(np.array([0])), LabelSets(np.array([[True, False]]))
    assert (classes_of(labels), classes_of(sets)) == (labels, sets)
    assert [classes_of(Targets(np.array([0.5]))), classes_of(Unused("why")), classes_of(None)] == [None] * 3


FILES = ("cat/1.png", "cat/2.png", "dog/1.png", "dog/3.jpg")
NAMES = ClassNames(("a", "b", "c", "d", "e"))


def given(tmp_path: Path, text: str) -> GivenLabels:
    (tmp_path / "y.csv").write_text(text, encoding="utf-8")
    return read_labels(tmp_path / "y.csv")


def ordered(labels: GivenLabels, names: tuple[str, ...] | None = FILES, count: int = 4) -> tuple[list[str], str]:
    found = understand(labels, ANY, count=count, class_names=NAMES, file_names=names)
    assert isinstance(found, ClassLabels)
    return [NAMES.names[value] for value in found.values], found.notes[0]


def test_names_are_matched_by_path_name_or_stem_and_a_heading_is_left_out(tmp_path: Path) -> None:
    text = "file,label\ndata/test/dog/1.png,d\n3,e\n2.png,b\n.\\cat\\1.png,a\n"
    assert ordered(given(tmp_path, text)) == (["a", "b", "d", "e"], "Labels: y.csv, matched by file name.")


def test_lines_that_name_no_image_are_counted(tmp_path: Path) -> None:
    text = "3.jpg,e\n9.png,x\ndog/1.png,d\n2.png,b\ncat/1.png,a\n"
    assert ordered(given(tmp_path, text))[1] == "Labels: y.csv, matched by file name (1 line names no image)."
    assert (
        ordered(given(tmp_path, f"{text}8.png,x\n"))[1]
        == "Labels: y.csv, matched by file name (2 lines name no image)."
    )


def test_of_an_array_the_first_column_is_the_index(tmp_path: Path) -> None:
    assert ordered(given(tmp_path, ",label\n1,b\n0,a\n2,c\n"), None, 3) == (
        ["a", "b", "c"],
        "Labels: y.csv, matched by index.",
    )
    assert ordered(given(tmp_path, "1,b\n0,a\n"), None, 2)[0] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        (
            "1.png,a\n",
            FILES,
            r"must name one file on each line. Received: '1.png' in y.csv, which several files are called",
        ),
        ("file,label\nx.png,a\n", FILES, r"must name the image files in the first. Received: 'x.png' in y.csv"),
        ("2.png,b\n3.jpg,c\n", FILES, r"one for each sample. Received: none for cat/1.png and 1 more in y.csv."),
        ("2.png,b\n2.png,c\n", FILES, r"Received: 'b' and 'c' for cat/2.png in y.csv. Remove one of the lines."),
        ("a.png,b\nb.png,c\n", None, r"or the index of each sample, 0 to 3. Received: 'b.png' in y.csv."),
        ("0,b\n1,c\n", None, r"or the index of each sample, 0 to 3."),
        ("0,b\n1,c\n2,d\n2,d\n", None, r"or the index of each sample, 0 to 3."),
    ],
)
def test_what_names_no_sample_or_two_is_an_error(
    tmp_path: Path, text: str, names: tuple[str, ...] | None, message: str
) -> None:
    with pytest.raises(SamplesError, match=message):
        understand(given(tmp_path, text), ANY, count=4, class_names=NAMES, file_names=names)


MASKS = np.random.default_rng(0).integers(0, 3, (4, 5, 6))


@pytest.mark.parametrize(
    ("values", "channels", "classes", "expected"),
    [
        (MASKS, 3, 3, MASKS),
        (MASKS[..., None].astype(np.float32), 3, 3, MASKS),
        (np.eye(3)[MASKS], 3, 3, MASKS),
        ((MASKS > 0)[..., None], 1, 2, MASKS > 0),
        (np.uint8(255) * (MASKS > 0), 1, 2, MASKS > 0),
        (MASKS / 4, 1, 0, MASKS[..., None] / 4),
        (np.stack([MASKS] * 3, axis=-1).astype(np.uint8), 3, 0, np.stack([MASKS] * 3, axis=-1) / 255),
    ],
)
def test_labels_of_the_outputs_size_are_masks_or_images(
    values: np.ndarray, channels: int, classes: int, expected: np.ndarray
) -> None:
    accepts = Accepts(input_shape=None, output_shape=(5, None, channels))
    labels = understand(GivenLabels(values, "y"), accepts, count=4)
    assert isinstance(labels, PictureTargets)
    assert labels.classes == classes
    np.testing.assert_allclose(labels.values, expected, atol=1e-7)


def masks_with_void(values: np.ndarray, channels: int, ignore: int | None = None) -> PictureTargets:
    accepts = Accepts(input_shape=None, output_shape=(5, 6, channels), ignore_label=ignore)
    labels = understand(GivenLabels(values, "y"), accepts, count=4)
    assert isinstance(labels, PictureTargets)
    return labels


@pytest.mark.parametrize(
    ("channels", "ignore", "void", "written"),
    [
        (3, None, 255, np.uint8),
        (3, -1, -1, np.int64),
        (3, 7, 7, np.float32),
        (1, None, 255, np.uint8),
        (1, 2, 2, np.int16),
    ],
)
def test_pixels_of_255_beyond_the_classes_or_of_the_value_given_have_no_class(
    channels: int, ignore: int | None, void: int, written: type
) -> None:
    masks = (MASKS > 0).astype(written)
    masks[0, :3] = void
    labels = masks_with_void(masks, channels, ignore)
    assert (labels.classes, labels.values.dtype) == (max(channels, 2), np.int16)
    np.testing.assert_array_equal(labels.values, np.where(masks == void, VOID, MASKS > 0))
    assert labels.notes == (
        "Labels: y. They were taken as the class of each pixel.",
        f"15.0% of the pixels have the value {void}: no class, left out of every measure.".replace("-", "−"),
    )


def test_255_is_a_class_where_the_output_has_so_many_and_the_foreground_of_0_and_255() -> None:
    masks = np.where(MASKS > 0, 255, 3).astype(np.uint8)
    assert masks_with_void(masks, 256).values.max() == 255
    foreground = masks_with_void(np.where(MASKS > 0, 255, 0).astype(np.uint8), 2)
    np.testing.assert_array_equal(foreground.values, MASKS > 0)
    told = masks_with_void(np.where(MASKS > 0, 255, 0).astype(np.uint8), 2, 255)
    np.testing.assert_array_equal(told.values, np.where(MASKS > 0, VOID, 0))
    assert len(masks_with_void(MASKS, 3).notes) == 1
    assert masks_with_void(MASKS, 3, 9).notes[1].startswith("0.0% of the pixels have the value 9")


@pytest.mark.parametrize("values", [np.full((4, 5, 6), 255), np.where(MASKS > 0, 254, 255)])
def test_masks_of_other_values_or_without_any_class_are_none(values: np.ndarray) -> None:
    accepts = Accepts(input_shape=None, output_shape=(5, 6, 3))
    assert isinstance(understand(GivenLabels(values, "y"), accepts, count=4), Unused)


@pytest.mark.parametrize(("shape", "steps"), [((4, 6), 6), ((4, 6), None), ((4, 6, 1), 6), ((4, 6, 3), 6)])
def test_labels_of_each_step_of_a_sequence_are_told_and_not_used(shape: tuple[int, ...], steps: int | None) -> None:
    accepts = Accepts(input_shape=None, output_shape=(steps, 3))
    labels = understand(GivenLabels(np.arange(np.prod(shape)).reshape(shape) % 2, "y"), accepts, count=4)
    assert isinstance(labels, Unused)
    assert labels.reason.startswith("The labels are of each step of a sequence")
    assert isinstance(understand(GivenLabels(np.arange(4), "y"), accepts, count=4), ClassLabels)


def test_volumes_may_have_masks_and_targets() -> None:
    volumes = np.stack([MASKS] * 2, axis=1)
    accepts = Accepts(input_shape=None, output_shape=(2, 5, 6, 3))
    for values in (volumes, volumes[..., None], np.eye(3)[volumes]):
        labels = understand(GivenLabels(values, "y"), accepts, count=4)
        assert isinstance(labels, PictureTargets)
        assert labels.classes == 3
        np.testing.assert_array_equal(labels.values, volumes)
    targets = np.stack([volumes / 4] * 3, axis=-1)
    labels = understand(GivenLabels(targets, "y"), accepts, count=4)
    assert isinstance(labels, PictureTargets)
    assert (labels.classes, labels.values.shape) == (0, (4, 2, 5, 6, 3))
    assert isinstance(understand(GivenLabels(volumes[:, :1], "y"), accepts, count=4), Unused)


@pytest.mark.parametrize(("values", "channels"), [(MASKS, 2), (MASKS[:, :4], 3), (np.stack([MASKS] * 2, axis=-1), 3)])
def test_images_that_do_not_fit_the_output_stay_unused(values: np.ndarray, channels: int) -> None:
    accepts = Accepts(input_shape=None, output_shape=(5, 6, channels))
    assert isinstance(understand(GivenLabels(values, "y"), accepts, count=4), Unused)


def test_rows_of_numbers_are_what_as_many_outputs_should_be() -> None:
    accepts = Accepts(input_shape=None, vectors=True, output_shape=(3,))
    labels = understand(GivenLabels(np.array([[0.5, 2, -1], [1, 0, 0]]), "y"), accepts, count=2)
    assert isinstance(labels, Targets)
    assert labels.values.tolist() == [[0.5, 2, -1], [1, 0, 0]]
    assert labels.notes == ("Labels: y. Each row was taken as the target values of the 3 outputs.",)
    assert isinstance(understand(GivenLabels(np.eye(3)[:2], "y"), accepts, count=2), ClassLabels)
    with pytest.raises(SamplesError, match="must be one-hot"):
        understand(GivenLabels(np.array([[0.5, 2, -1]]), "y"), ANY, count=1)
