"""Labels in two columns: matched by file name or by index."""

from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples.labels import GivenLabels, read_labels
from reportgen.samples.named_labels import in_order

FILES = ("cat/1.png", "cat/2.png", "dog/1.png", "dog/3.jpg")


def given(tmp_path: Path, text: str) -> GivenLabels:
    (tmp_path / "y.csv").write_text(text, encoding="utf-8")
    return read_labels(tmp_path / "y.csv")


def ordered(labels: GivenLabels, names: tuple[str, ...] | None = FILES, count: int = 4) -> tuple[list[str], str]:
    found = in_order(labels, names, count)
    assert found is not None
    assert found.names is None
    return found.values.tolist(), found.origin


def test_labels_without_names_stay_as_they_are() -> None:
    plain = GivenLabels(np.array([1, 2]), "y.npy")
    assert in_order(plain, FILES, 4) is plain
    assert in_order(None, FILES, 4) is None


def test_names_are_matched_by_path_name_or_stem_and_a_heading_is_left_out(tmp_path: Path) -> None:
    text = "file,label\ndata/test/dog/1.png,d\n3,e\n2.png,b\n.\\cat\\1.png,a\n"
    assert ordered(given(tmp_path, text)) == (["a", "b", "d", "e"], "y.csv, matched by file name")


def test_lines_that_name_no_image_are_counted(tmp_path: Path) -> None:
    text = "3.jpg,e\n9.png,x\ndog/1.png,d\n2.png,b\ncat/1.png,a\n"
    assert ordered(given(tmp_path, text))[1] == "y.csv, matched by file name (1 line names no image)"
    assert ordered(given(tmp_path, f"{text}8.png,x\n"))[1] == "y.csv, matched by file name (2 lines name no image)"


def test_of_an_array_the_first_column_is_the_index(tmp_path: Path) -> None:
    assert ordered(given(tmp_path, ",label\n1,b\n0,a\n2,c\n"), None, 3) == (["a", "b", "c"], "y.csv, matched by index")
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
        in_order(given(tmp_path, text), names, 4)


def test_three_columns_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"or a file name and a label. Received: 3 columns on line 1."):
        given(tmp_path, "a,b,c\n")
