"""What is not read is called by its name, with what to do; its bytes are never shown."""

from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples import open_samples
from reportgen.samples.labels import Accepts
from reportgen.samples.readers.unread import what_it_is

HEADS = {
    "y.bin": (b"PAR1\x15", "a Parquet file"),
    "m.mat": (b"MATLAB 5.0 MAT-file", "a MATLAB file"),
    "n.mat": (b"MATLAB 7.3 MAT-file", "a MATLAB 7.3 file. Read it with h5py"),
    "d.bin": (bytes(128) + b"DICM", "a DICOM file"),
    "h.bin": (b"\0\0\0\x18ftypheic", "a HEIC or AVIF image"),
    "v.bin": (b"\0\0\0\x18ftypisom", "a video"),
    "s.bin": (b"RIFF\0\0\0\0WAVE", "a sound file"),
    "t.bin": (bytes(257) + b"ustar", "a tar archive"),
    "train.tfrecord": (b"\x0a\x01\0\0", "a TFRecord file"),
    "old.p": (b"(dp0\n", "a Python pickle"),
    "a.pt": (b"\x99\x99", "a file of PyTorch"),
    "a.xz": (b"\xfd7zXZ\0", "a packed file"),
    "a.json": (b"{}", "a JSON file"),
    "notes": (b"hello", "text"),
    "e": (b"", "an empty file"),
    "f": (b"\xfe\xfe\xfe", "a file of no known kind"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_file_is_named_with_a_recipe(tmp_path: Path, name: str) -> None:
    head, kind = HEADS[name]
    (tmp_path / name).write_bytes(head)

    with pytest.raises(SamplesError, match=f"^{name} holds no samples that can be read. Received: {kind}") as caught:
        open_samples(tmp_path / name, Accepts(input_shape=(4, 4, 1)))
    assert caught.match(r"\. (Read|Save|If|Convert|Unpack|Give|Only)[^\n]*\.$")
    assert "\\x" not in str(caught.value)


def test_an_array_in_a_file_of_matlab_is_known_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    with pytest.raises(SamplesError, match=r"x.mat holds no samples that can be read. Received: a MATLAB file"):
        open_samples(f"{tmp_path / 'x.mat'}:X", Accepts(input_shape=(4, 4, 1)))


def test_addresses_of_the_net_are_not_opened_and_the_download_is_named() -> None:
    accepts = Accepts(input_shape=(4, 4, 1))
    found = r"must be a file on this machine\. Received: s3://b/x\.npz\. Download it first, such as by 'aws s3 cp"
    with pytest.raises(SamplesError, match="^--samples " + found):
        open_samples("s3://b/x.npz", accepts)
    with pytest.raises(SamplesError, match="^--labels " + found):
        open_samples(np.zeros((2, 4, 4)), accepts, labels="s3://b/x.npz")
    with pytest.raises(SamplesError, match="^--class-names " + found):
        open_samples(np.zeros((2, 4, 4)), accepts, class_names="s3://b/x.npz")


@pytest.mark.parametrize(
    ("name", "kind"), [("brain.nii.gz", "a NIfTI file"), ("a.tar.gz", "a tar archive"), ("data.gz", "a packed file")]
)
def test_of_a_packed_file_the_whole_name_tells_more(name: str, kind: str) -> None:
    known = what_it_is(name, b"\x1f\x8b\x08")
    assert known is not None
    assert known[0] == kind


def test_a_folder_of_such_files_names_them(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.dcm").touch()

    with pytest.raises(
        SamplesError, match=r"holds no image. Received: 1 other files, such as a DICOM file. Read it with"
    ):
        open_samples(tmp_path, Accepts(input_shape=(4, 4, 1)))
