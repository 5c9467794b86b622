"""Columns of a table about the samples, and their folders."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples import (
    Accepts,
    ClassLabels,
    SampleSource,
    SliceColumn,
    folder_column,
    nameless,
    numbers_of,
    open_samples,
    read_slices,
)
from reportgen.samples.source import SampleFiles


def source(names: tuple[str, ...] = (), labels: list[int] | None = None) -> SampleSource:
    found = open_samples(np.zeros((3, 4, 4, 1), np.float32), Accepts(input_shape=(4, 4, 1)))
    files = SampleFiles(names, (0, 1, 2), 3) if names else None
    return replace(found, files=files, labels=None if labels is None else ClassLabels(np.array(labels)))


def written(folder: Path, text: str) -> Path:
    path = folder / "about.csv"
    path.write_text(text)
    return path


def test_every_column_has_its_entries_in_the_order_of_the_lines(tmp_path: Path) -> None:
    path = written(tmp_path, 'camera,age\n"A, old",7\nB,\nB,9.5\n')
    assert read_slices(path, source()) == (
        SliceColumn("camera", ("A, old", "B", "B")),
        SliceColumn("age", ("7", "", "9.5")),
    )


@pytest.mark.parametrize("names", [("cat/1.png", "cat/2.png", "dog/3.png"), ("1.png", "2.png", "3.png")])
def test_lines_that_name_the_files_may_be_in_any_order(tmp_path: Path, names: tuple[str, ...]) -> None:
    path = written(tmp_path, f"file,camera\nx\\{Path(names[2]).name},C\n{names[0]},A\nother/2.png,B\n")
    assert read_slices(path, source(names)) == (SliceColumn("camera", ("A", "B", "C")),)


def test_files_may_be_named_by_a_part_of_their_path_among_others(tmp_path: Path) -> None:
    names = ("cat/1.png", "cat/2.png", "dog/1.png")
    path = written(tmp_path, "file;camera\n/data/test/dog/1.png;C\n/data/train/9.png;D\ntest/cat/1.png;A\n2;B\n")
    assert read_slices(path, source(names)) == (SliceColumn("camera", ("A", "B", "C")),)
    several = written(tmp_path, "site;camera\n1;A\n1;B\n1;C\n")  # two files are called so: no names of files
    assert [one.name for one in read_slices(several, source(names))] == ["site", "camera"]


def test_names_of_other_files_are_a_column_like_any_other(tmp_path: Path) -> None:
    path = written(tmp_path, "file,camera\na,C\nb,A\nc,B\n")
    assert [one.name for one in read_slices(path, source(("1.png", "2.png", "3.png")))] == ["file", "camera"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n1\n2\n", r"for each of the 3 samples\. Received: 2 lines under the heading"),
        ("a,b\n1,2\n1\n1,2\n", r"columns in its heading, 2\. Received: 1 on line 3"),
        (",".join("a" * 201) + "\n1\n2\n3\n", r"at most 200 columns\. Received: 201"),
    ],
)
def test_a_table_that_does_not_fit_the_samples_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SamplesError, match=r"^--slices: about.csv .*" + message):
        read_slices(written(tmp_path, text), source())


def test_folders_are_a_column_unless_they_are_one_or_the_classes() -> None:
    two = folder_column(source(("a/1.png", "b/2.png", "b/3.png"), [0, 1, 0]))
    assert two == SliceColumn("folder", ("a", "b", "b"))
    assert folder_column(source(("a/1.png", "b/2.png", "b/3.png"))) == two
    assert folder_column(source(("a/1.png", "b/2.png", "b/3.png"), [0, 1, 1])) is None
    assert folder_column(source(("a/1.png", "a/2.png", "a/3.png"))) is None
    assert folder_column(source()) is None


def test_without_names_numbers_alone_are_left() -> None:
    columns = (SliceColumn("hospital", ("X", "", "A")), SliceColumn("age", ("7", "", "8")))
    assert nameless(columns) == (
        SliceColumn("column 1", ("value 3", "", "value 2")),
        SliceColumn("column 2", ("7", "", "8")),
    )


def test_numbers_are_entries_of_which_every_one_is_a_number_or_missing() -> None:
    assert numbers_of(("7", "", "1e3")) == pytest.approx([7, np.nan, 1000], nan_ok=True)
    assert numbers_of(("7", "x")) is None
    assert numbers_of(("", "")) is None
