"""What a source names: an array or image files, not yet compared with the model."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.arrays import StoredArray, read_array, split_array_name
from reportgen.samples.datasets import DATASETS, load_dataset
from reportgen.samples.files import base_name, existing_path, exists, first_bytes, shown_name
from reportgen.samples.folders import ImageFiles, list_images
from reportgen.samples.images import IMAGE_SUFFIXES, looks_like_image
from reportgen.samples.readers.tables import read_labels


def find_source(source: object, *, memory_limit: int) -> StoredArray | ImageFiles:
    """Return what `source` names, not yet compared with the model.

    Args:
        source: see `open_samples`.
        memory_limit: bytes that an array may take.

    Raises:
        SamplesError: there is no such source, or it cannot be read.
    """
    if isinstance(source, StoredArray):
        return source
    if isinstance(source, tuple) and len(source) == 2:
        images, labels = source
        array = _in_memory(images)
        if labels is None:
            return array
        return replace(
            array,
            labels=replace(
                read_labels(labels, memory_limit=memory_limit), origin=say("the labels given with the samples")
            ),
        )
    if not isinstance(source, (str, Path)):
        return _in_memory(source)
    path, array_name = split_array_name(source)
    if array_name is None and not exists(path):
        if isinstance(source, str) and source in DATASETS:
            return load_dataset(source)
        raise SamplesError(
            f"--samples: no such file or folder. Received: {base_name(path)}. Check the name; data sets are "
            f"{', '.join(DATASETS)}."
        )
    stored = read_array(source, memory_limit=memory_limit)
    if stored is not None:
        return stored
    if existing_path(path).is_dir():
        return list_images(path)
    head = first_bytes(path, 16)
    if looks_like_image(head) or path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFiles(folder=path.parent, names=(path.name,), description=base_name(path))
    raise SamplesError(
        f"{base_name(path)} holds no samples that can be read. Received: first bytes {head[:8].hex(' ') or 'none'}. "
        "Give a .npz, .npy or IDX file, an image, or a folder of images."
    )


def without_labels(found: StoredArray | ImageFiles) -> StoredArray | ImageFiles:
    """Return samples without the labels found with them, and a note that they were left out."""
    notes = (*found.notes, say("Labels found with the samples were left out (--labels none)."))
    if isinstance(found, StoredArray):
        return replace(found, labels=None, notes=notes)
    return replace(found, labels=None, class_names=None, notes=notes)


def _in_memory(values: object) -> StoredArray:
    """Return an array, or whatever NumPy takes for one, such as a tensor."""
    if not (isinstance(values, np.ndarray) or hasattr(values, "__array__")):
        raise SamplesError(
            "samples must be a file, a folder, an array, or a tuple of samples and labels. "
            f"Received: {shown_name(type(values).__name__)}. Convert them with numpy.asarray."
        )
    return StoredArray(values=np.asarray(values), name="samples", description=say("array in memory"))
