"""Images as lines of a CSV file: digits, signs and faces as they are distributed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples import open_samples
from reportgen.samples.labels import Accepts, ClassLabels
from reportgen.samples.readers import pixel_table
from reportgen.samples.source import SampleSource

X = np.random.default_rng(0).integers(0, 256, (5, 16), dtype=np.uint8)
Y = [3, 0, 2, 1, 3]
HEADING = ["label", *(f"pixel{place}" for place in range(16))]


def written(path: Path, rows: list[list[Any]], mark: str = ",") -> Path:
    path.write_text("\n".join(mark.join(map(str, row)) for row in rows) + "\n", encoding="utf-8-sig")
    return path


def opened(path: Path, input_shape: tuple[int | None, ...] = (4, 4, 1), **more: Any) -> SampleSource:
    return open_samples(path, Accepts(input_shape=input_shape, **more))


def labels(source: SampleSource) -> list[int] | None:
    return source.labels.values.tolist() if isinstance(source.labels, ClassLabels) else None


ROWS = [[label, *row] for label, row in zip(Y, X, strict=True)]


@pytest.mark.parametrize(
    ("rows", "mark"),
    [
        ([HEADING, *ROWS], ","),
        ([[*HEADING[1:], "Label"], *([*row[1:], row[0]] for row in ROWS)], ","),
        ([["", *HEADING], *([place, *row] for place, row in enumerate(ROWS))], ";"),
        (ROWS, ","),
        (ROWS, "\t"),
    ],
)
def test_the_column_of_labels_is_found_and_pixels_have_the_models_shape(
    tmp_path: Path, rows: list[list[Any]], mark: str
) -> None:
    source = opened(written(tmp_path / "digits.csv", rows, mark))

    assert source.shape == (4, 4, 1)
    assert source.dtype == np.uint8
    assert source.read([4, 1])[..., 0].reshape(2, 16).tolist() == X[[4, 1]].tolist()
    assert labels(source) == Y
    assert source.names(2) == "digits[2]"
    assert source.description == "digits.csv"


def test_the_page_says_that_a_first_column_without_a_heading_was_taken_for_labels(tmp_path: Path) -> None:
    source = opened(written(tmp_path / "a.csv", ROWS))
    assert "The first column was taken as labels: there is one column more than pixels." in source.steps


def test_pixels_without_labels_have_none(tmp_path: Path) -> None:
    for rows in ([HEADING[1:], *X.tolist()], X.tolist()):
        source = opened(written(tmp_path / "a.csv", rows))
        assert labels(source) is None
        assert source.count == 5


def test_faces_have_their_pixels_in_one_column_and_their_part_is_taken(tmp_path: Path) -> None:
    parts = ["Training", "PublicTest", "Training", "PrivateTest", "Training"]
    rows = [[label, " ".join(map(str, row)), part] for label, row, part in zip(Y, X, parts, strict=True)]

    source = opened(written(tmp_path / "fer.csv", [["emotion", "pixels", "Usage"], *rows]))

    assert labels(source) == [0, 1]
    assert source.read([1]).ravel().tolist() == X[3].tolist()
    assert "Of 5 lines, the 2 for testing were used." in source.steps


def test_labels_that_are_names_are_matched_with_the_class_names(tmp_path: Path) -> None:
    rows = [
        ["label", *HEADING[1:]],
        *([f'"{"ab"[label % 2]}, x"', *row[1:]] for label, row in zip(Y, ROWS, strict=True)),
    ]
    path = written(tmp_path / "a.csv", rows)

    source = open_samples(path, Accepts(input_shape=(4, 4, 1)), class_names=["a, x", "B, X"])

    assert labels(source) == [1, 0, 0, 1, 1]


def test_colour_pixels_fractions_and_other_sizes(tmp_path: Path) -> None:
    colour = np.arange(24).reshape(2, 12)
    assert opened(written(tmp_path / "a.csv", colour.tolist()), (2, 2, 3)).read([1])[0, 0, 0].tolist() == [12, 13, 14]
    assert opened(written(tmp_path / "b.csv", (X / 255).tolist())).dtype == np.float32
    assert opened(written(tmp_path / "c.csv", [HEADING, *ROWS]), (8, 8, 1), resize="pad").shape == (8, 8, 1)
    assert opened(written(tmp_path / "d.csv", [HEADING, *ROWS]), (16,)).shape == (16,)
    with pytest.raises(SamplesError, match=r"Received: shape \(4, 4, 1\). Resize them with --resize"):
        opened(tmp_path / "d.csv", (8, 8, 1))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([HEADING, *ROWS, ["x", 1]], r"one image on each line. Received: .*\(line 2\)"),
        ([HEADING, *ROWS[:2], [1, *["nan"] * 16]], r"a pixel that is not finite, at or after it \(line 2\)"),
        ([HEADING], "holds no image. Received: no line of pixels"),
        ([["file", "label"], ["a.png", 1]], "holds no images that can be read. Received: a table of 2 columns"),
        ([["label", "pixels"], [1, "1 2 3 4"], [1, "1 2 3"]], "one image on each line"),
    ],
)
def test_what_is_no_table_of_images_is_an_error(tmp_path: Path, rows: list[list[Any]], message: str) -> None:
    with pytest.raises(SamplesError, match=message):
        opened(written(tmp_path / "a.csv", rows))


def test_hostile_files_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.csv", [HEADING, *ROWS])
    with pytest.raises(SamplesError, match=r"a.csv needs more memory than allowed. Received: 80 bytes of pixels"):
        opened(path, memory_limit=79)
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe1,2")
    with pytest.raises(SamplesError, match=r"b.csv cannot be read"):
        opened(tmp_path / "b.csv")
    monkeypatch.setattr(pixel_table, "_LONGEST_LINE", 20)
    with pytest.raises(SamplesError, match=r"a.csv has a line that is too long"):
        opened(path)
