"""Kinds of files that are not read, so that they are called by their name, with what can be done."""

from __future__ import annotations

import os

_TO_NPZ = "Convert it once: numpy.savez('samples.npz', x_test=x, y_test=y), and give that file."
_PICKLE = (
    "a Python pickle, which is not opened because it can run code",
    "If you trust it, load it yourself and save its arrays: numpy.savez('samples.npz', x_test=x, y_test=y).",
)
_TFRECORD = (
    "a TFRecord file",
    "Read it with tf.data.TFRecordDataset and give the data set to reportgen.build_report, or save its arrays as .npz.",
)
_PARQUET = ("a Parquet file", "Read it with pandas.read_parquet and save the images as .npz: numpy.savez.")
_ARROW = ("an Arrow file", "Save its images as files in a folder for each class, or as .npz.")
_DICOM = ("a DICOM file", "Read it with pydicom.dcmread(file).pixel_array and save the arrays as .npz.")
_HEIC = ("a HEIC or AVIF image", "Save it as PNG or JPEG, as Pillow does with the plug-in pillow-heif.")
_MATLAB = (
    "a MATLAB file",
    "Read it with scipy.io.loadmat and save its arrays: numpy.savez('samples.npz', x_test=x, y_test=y).",
)
_MATLAB_HDF5 = (
    "a MATLAB 7.3 file",
    "Read it with h5py: x = h5py.File(FILE)['NAME'][()].T, which has MATLAB's axes; bring the samples' axis to the front and "
    "save it: numpy.savez('samples.npz', x_test=x, y_test=y).",
)
_NIFTI = ("a NIfTI file", "Read it with nibabel.load(file).get_fdata() and save the arrays as .npz.")
_FITS = ("a FITS file", "Read it with astropy.io.fits.getdata and save the arrays as .npz.")
_TAR = ("a tar archive", "Unpack it (tar -xf) and give the folder.")
_PACKED = ("a packed file", "Unpack it and give what is in it.")
_VIDEO = ("a video", "Save its frames as images: ffmpeg -i FILE frames/%05d.png.")
_SOUND = ("a sound file", "Give what the model takes, such as spectrograms, as .npy or .npz.")
_TORCH = ("a file of PyTorch", "Save its arrays: numpy.savez('samples.npz', x_test=x.numpy(), y_test=y.numpy()).")
_SHEET = ("a spreadsheet", "Save the sheet as CSV, a label and the pixels of one image on each line.")
_MODEL = ("a Keras model", "Give the samples to --samples, and the model as the first argument.")
_DOCUMENT = ("a PDF document", "Give the images in it as PNG or JPEG files.")
_VECTORS = ("a drawing (SVG)", "Save it as PNG in the model's size.")
_RAW = ("a raw photograph or another kind of image that is not read", "Save it as PNG, JPEG, BMP, GIF, TIFF or WEBP.")
_JSON = ("a JSON file", f"Only class names are read from JSON. {_TO_NPZ}")
_TEXT = (
    "a text file",
    "Give labels with --labels; samples as .csv with the pixels of one image on each line, or as .npz.",
)
_R = ("a file of R", _TO_NPZ)
_LMDB = ("an LMDB file", "Save its images as files in a folder for each class, or as .npz.")

Kind = tuple[str, str]
"""What a file is, with its article, and what to do, a sentence."""

_HEADS: tuple[tuple[bytes, Kind], ...] = (
    *((bytes((0x80, protocol)), _PICKLE) for protocol in range(1, 6)),
    (b"PAR1", _PARQUET),
    (b"ARROW1", _ARROW),
    (b"MATLAB 7.3 MAT", _MATLAB_HDF5),
    (b"MATLAB 5.0 MAT", _MATLAB),
    (b"SIMPLE  =", _FITS),
    (b"7z\xbc\xaf\x27\x1c", _PACKED),
    (b"Rar!", _PACKED),
    (b"\xfd7zXZ", _PACKED),
    (b"BZh", _PACKED),
    (b"\x28\xb5\x2f\xfd", _PACKED),
    (b"\x1f\x8b", _PACKED),
    (b"%PDF", _DOCUMENT),
    (b"OggS", _SOUND),
    (b"fLaC", _SOUND),
    (b"\x1a\x45\xdf\xa3", _VIDEO),
    (b"<svg", _VECTORS),
    (b"\x00\x00\x00\x0cjP  ", _RAW),
    (b"8BPS", _RAW),
    (b"P5", _RAW),
    (b"P6", _RAW),
)
_SUFFIXES: dict[str, Kind] = {
    **dict.fromkeys((".pkl", ".pickle", ".p", ".joblib"), _PICKLE),
    **dict.fromkeys((".tfrecord", ".tfrecords", ".tfrec"), _TFRECORD),
    ".parquet": _PARQUET,
    **dict.fromkeys((".arrow", ".feather"), _ARROW),
    **dict.fromkeys((".dcm", ".dicom"), _DICOM),
    **dict.fromkeys((".heic", ".heif", ".avif"), _HEIC),
    ".mat": _MATLAB,
    **dict.fromkeys((".nii", ".nii.gz"), _NIFTI),
    **dict.fromkeys((".fits", ".fit"), _FITS),
    **dict.fromkeys((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"), _TAR),
    **dict.fromkeys((".7z", ".rar", ".xz", ".bz2", ".zst", ".gz"), _PACKED),
    **dict.fromkeys((".mp4", ".avi", ".mov", ".mkv", ".webm"), _VIDEO),
    **dict.fromkeys((".wav", ".mp3", ".flac", ".ogg"), _SOUND),
    **dict.fromkeys((".pt", ".pth"), _TORCH),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), _SHEET),
    ".keras": _MODEL,
    ".pdf": _DOCUMENT,
    ".svg": _VECTORS,
    **dict.fromkeys(
        (".psd", ".cr2", ".nef", ".dng", ".jp2", ".jxl", ".ppm", ".pgm", ".ico", ".exr", ".hdr", ".tga"), _RAW
    ),
    **dict.fromkeys((".json", ".jsonl"), _JSON),
    **dict.fromkeys((".rds", ".rda", ".rdata"), _R),
    **dict.fromkeys((".mdb", ".lmdb"), _LMDB),
    ".txt": _TEXT,
}


def what_it_is(name: str, head: bytes = b"") -> Kind | None:
    """Return what a file that is not read is called, and what to do, by its first bytes or its name; None for no known kind.

    Args:
        name: the file's name.
        head: its first bytes, as many as are known; 132 tell every kind.

    Example:
        >>> what_it_is("scan.dcm")[0]
        'a DICOM file'
    """
    if head[128:132] == b"DICM":
        return _DICOM
    if head[4:8] == b"ftyp":
        return _HEIC if head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"hevc") else _VIDEO
    if head[257:262] == b"ustar":
        return _TAR
    if head[:4] == b"RIFF":
        return _SOUND if head[8:12] == b"WAVE" else _VIDEO
    lower = name.lower()
    by_name = next((_SUFFIXES[lower[place:]] for place in _dots(lower) if lower[place:] in _SUFFIXES), None)
    by_head = next((kind for magic, kind in _HEADS if head.startswith(magic)), None)
    # What is only packed is better known by its whole name: '.nii.gz', '.tar.gz'
    return by_head if by_head is not None and by_head is not _PACKED else by_name or by_head


def _dots(name: str) -> list[int]:
    stem = os.path.basename(name)  # noqa: PTH119
    return [place for place, character in enumerate(stem) if character == "."]
