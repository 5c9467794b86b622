"""A folder of masks or images as labels: one file for each sample's image, of the same name but for its ending."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from reportgen.errors import SamplesError
from reportgen.messages import counted, first_of, say
from reportgen.samples.files import base_name, shown_name
from reportgen.samples.labels import Accepts, GivenLabels
from reportgen.samples.readers.images import list_images
from reportgen.samples.readers.pixels import IMAGE_FORMATS, check_header, read_image
from reportgen.samples.resizing import nearest
from reportgen.untrusted.limits import readable

_AXES = 3
_COLOURS = 3
_NAMED = 3
_ENDINGS = ("mask", "masks", "label", "labels", "seg", "segmentation", "gt", "target")
"""What may stand behind an image's name in that of its mask, after '_' or '-'."""


@dataclass(frozen=True)
class MaskFiles:
    """Images that are labels, not opened yet.

    Attributes:
        folder: that the names start from.
        names: relative to the folder, at least one.
    """

    folder: Path
    names: tuple[str, ...]

    def read(self, accepts: Accepts, file_names: Sequence[str] | None) -> GivenLabels:
        """Return the masks of the samples, in the order of these.

        A grey or palette image has the class of each pixel, a colour image the colours that the output should have.

        Args:
            accepts: what the model puts out, and how images of another size are resized; masks are so likewise, to the nearest
                pixel.
            file_names: names of the samples' files; None for samples of other kinds.

        Raises:
            SamplesError: samples and masks cannot be matched, or a mask cannot be read or does not fit.
        """
        origin, output = say("folder {folder}", folder=base_name(self.folder)), accepts.output_shape
        if output is None or len(output) != _AXES:
            raise SamplesError(
                f"--labels: a folder of masks needs a model whose output is an image. Received: folder {base_name(self.folder)}. "
                "Give a file of labels."
            )
        if file_names is None:
            raise SamplesError(
                "--labels: masks are found by the names of the samples' image files. Received: samples that are no image files. "
                "Give --samples a folder of images, or --labels an array."
            )
        names, left = self._matched(file_names)
        colour = output[-1] == _COLOURS and read_mask(self.folder / names[0]).ndim == _AXES
        size = self._size(output, names[0], colour=colour)
        dtype = np.uint8 if colour else np.uint16
        needed = len(names) * size[0] * size[1] * (_COLOURS if colour else np.dtype(dtype).itemsize)
        if needed > accepts.memory_limit:
            raise SamplesError(
                f"--labels: the masks must fit into {readable(accepts.memory_limit)}. Received: {len(names)} of {size[0]} x "
                f"{size[1]} pixels. Give fewer samples, or set --memory-limit."
            )
        values = np.empty((len(names), *size, *((_COLOURS,) if colour else ())), dtype)
        added = None if colour or accepts.resize != "pad" else np.zeros(values.shape, bool)
        for place, name in enumerate(names):
            mask = self._pixels(name, colour=colour)
            values[place] = self._of_size(name, mask, size, accepts)
            if added is not None and mask.shape != size:
                added[place] = nearest(np.zeros(mask.shape, bool), size, "pad", beyond=1)
        if left:
            origin = counted(
                left,
                "{folder}, matched by file name ({n} file names no image)",
                "{folder}, matched by file name ({n} files name no image)",
                folder=origin,
            )
        else:
            origin = say("{folder}, matched by file name", folder=origin)
        return GivenLabels(values, origin, added=added)

    def _matched(self, file_names: Sequence[str]) -> tuple[list[str], int]:
        """Return the name of each sample's mask, and how many masks are of no sample.

        Raises:
            SamplesError: a sample has none, or several masks have its name.
        """
        wanted = [_stem(name) for name in file_names]
        found = {_stem(name): name for name in self.names}
        if found.keys().isdisjoint(wanted):
            found = {_without_ending(stem): name for stem, name in found.items()}
        if len(found) < len(self.names):
            raise SamplesError(
                f"--labels: each mask must have a name of its own. Received: {len(self.names) - len(found)} of the "
                f"{len(self.names)} files in folder {base_name(self.folder)} that are called as others but for the ending."
            )
        missing = [shown_name(name) for name, stem in zip(file_names, wanted, strict=True) if stem not in found]
        others = [name for stem, name in found.items() if stem not in set(wanted)]
        if missing:
            rest = first_of(map(shown_name, others), _NAMED) if others else "none"
            raise SamplesError(
                f"--labels: each image needs a mask of its name. Received: none for {first_of(missing, _NAMED)} "
                f"({len(missing)} of {len(file_names)}); masks without an image: {rest} ({len(others)} of {len(self.names)}). "
                "Call each mask as its image."
            )
        return [found[stem] for stem in wanted], len(others)

    def _size(self, output: Sequence[int | None], first: str, *, colour: bool) -> tuple[int, int]:
        height, width = output[:2]
        if height is not None and width is not None:
            return height, width
        tall, wide = self._pixels(first, colour=colour).shape[:2]
        return height or tall, width or wide

    def _of_size(self, name: str, mask: np.ndarray, size: tuple[int, int], accepts: Accepts) -> np.ndarray:
        if mask.shape[:2] == size:
            return mask
        if accepts.resize == "none":
            raise SamplesError(
                f"--labels: a mask must have the size of the output, {size[0]} x {size[1]}. Received: {mask.shape[0]} x "
                f"{mask.shape[1]} in {shown_name(name)}. Leave out --resize none, or resize it."
            )
        return nearest(mask, size, "stretch" if accepts.resize == "auto" else accepts.resize)

    def _pixels(self, name: str, *, colour: bool) -> np.ndarray:
        if colour:
            return read_image(self.folder / name, channels=_COLOURS)
        mask = read_mask(self.folder / name)
        if mask.ndim == _AXES:
            raise SamplesError(
                f"--labels: a mask is grey or has a palette, each value the class of a pixel. Received: {shown_name(name)}, "
                "in colours. Save the class numbers."
            )
        return mask


def mask_files(folder: Path) -> MaskFiles:
    """Return the images of a folder as labels.

    Raises:
        SamplesError: it cannot be listed or holds no image.
    """
    return MaskFiles(folder, list_images(folder).names)


def read_mask(path: Path) -> np.ndarray:
    """Return an image's values as stored: of a palette image the numbers of its colours, of a grey one its values.

    Returns:
        (height, width) uint8 or uint16; (height, width, 3) uint8 of one in colours.

    Raises:
        SamplesError: not an image of the known formats, damaged, or over 50 megapixels.
    """
    check_header(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with path.open("rb") as file, Image.open(file, formats=IMAGE_FORMATS) as opened:
                opened.load()
                image = ImageOps.exif_transpose(opened)
                if image.mode == "1":
                    return np.asarray(image, np.uint8)
                if image.mode in ("P", "L") or image.mode.startswith("I"):
                    return _whole(np.asarray(image), path)
                values = np.asarray(image.convert("RGB"))
    except SamplesError:
        raise
    except Exception as error:  # damaged files make Pillow raise almost anything
        raise SamplesError(
            f"{shown_name(path.name)} is a damaged or incomplete image. Received: {type(error).__name__}. Replace the file."
        ) from error
    grey = (values == values[..., :1]).all()
    return values[..., 0] if grey else values


def _whole(values: np.ndarray, path: Path) -> np.ndarray:
    if values.min(initial=0) < 0 or values.max(initial=0) > np.iinfo(np.uint16).max:
        raise SamplesError(
            f"--labels: a mask's values must be from 0 to 65535. Received: {values.max()} in {shown_name(path.name)}."
        )
    return values if values.dtype == np.uint8 else values.astype(np.uint16)


def _stem(name: str) -> str:
    """Return a file's name without folders and ending."""
    base = name.rpartition("/")[2]
    return base.rpartition(".")[0] or base


def _without_ending(stem: str) -> str:
    """Return 'cat' of 'cat_mask'."""
    for mark in "_-":
        before, _, last = stem.rpartition(mark)
        if before and last.lower() in _ENDINGS:
            return before
    return stem
