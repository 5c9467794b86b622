"""Image files as samples: opened when they are read, and not before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.fingerprint import FILES, file_chunks
from reportgen.samples.folders import ImageFiles
from reportgen.samples.images import Notice, noticed_rules, read_image, reading_rules
from reportgen.samples.labels import Labels
from reportgen.samples.sample_source import SampleSource, check_finite
from reportgen.samples.shapes import InputShape, matches, shown_shape


@dataclass(frozen=True, kw_only=True)
class ImageReader:
    """How the images of one source are read, settled by the first of them.

    Attributes:
        files: to read from.
        shape: (height, width, channels) of every image, resized if it is.
        dtype: of every image, uint8 or float32.
        size: (height, width) to resize to, or None.
        channels_first: whether the model has the channels in front.
        met: what was changed in some of the images read so far.
    """

    files: ImageFiles
    shape: tuple[int, int, int]
    dtype: np.dtype
    size: tuple[int, int] | None
    channels_first: bool
    met: set[Notice] = field(default_factory=set)

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return images (n, height, width, channels), or with channels first, in the order asked for.

        Raises:
            SamplesError: an image is damaged, unlike the first one, or holds values that are not finite.
        """
        batch = np.empty((len(indices), *self.shape), self.dtype)
        for position, index in enumerate(indices):
            image = read_image(self.files.path(index), channels=self.shape[2], size=self.size, met=self.met)
            name = self.files.shown_name(index)
            _check_alike(image, self.shape, self.dtype, name)
            check_finite(image, name)
            batch[position] = image
        return np.ascontiguousarray(np.moveaxis(batch, -1, 1)) if self.channels_first else batch


def open_images(
    files: ImageFiles,
    *,
    input_shape: InputShape,
    resize: bool,
    labels: Labels | None,
    class_names: tuple[str, ...] | None,
) -> SampleSource:
    """Return image files as samples. The first one alone is opened here, for the shape and dtype of all.

    Args:
        files: at least one.
        input_shape: the model's, without the batch axis: three axes, with 1 or 3 channels last or first.
        resize: whether images of another size are resized to the model's, or to the first one's where that is free.
        labels: the files' labels, or None.
        class_names: in the order of the labels, or None.

    Raises:
        SamplesError: the model takes no images, or the first image is damaged or does not fit.
    """
    reader = _settle(files, input_shape, resize)
    height, width, channels = reader.shape
    return SampleSource(
        read=reader.read,
        count=len(files.names),
        shape=(channels, height, width) if reader.channels_first else reader.shape,
        dtype=reader.dtype,
        labels=labels,
        names=files.shown_name,
        class_names=class_names,
        description=files.description,
        notes=(*files.notes, *reading_rules(channels, reader.dtype), *_notes(reader, input_shape)),
        file_names=files.names,
        noticed=partial(noticed_rules, reader.met),
        chunks=partial(file_chunks, files.folder, files.names),
        hashed=FILES,
    )


def _settle(files: ImageFiles, input_shape: InputShape, resize: bool) -> ImageReader:
    """Return how all images are read, from the model's input and the first image."""
    channels, channels_first = _channels(input_shape)
    spatial = input_shape[1:] if channels_first else input_shape[:2]
    first = read_image(files.path(0), channels=channels, size=None)
    size: tuple[int, int] | None = None
    if resize:
        size = (spatial[0] or first.shape[0], spatial[1] or first.shape[1])
    height, width = size or first.shape[:2]
    shape = (height, width, channels)
    _check_first(shape, (*spatial, channels), files.shown_name(0))
    return ImageReader(files=files, shape=shape, dtype=first.dtype, size=size, channels_first=channels_first)


def _notes(reader: ImageReader, input_shape: InputShape) -> list[str]:
    notes: list[str] = []
    if reader.size is not None:
        height, width = reader.size
        free = None in (input_shape[1:] if reader.channels_first else input_shape[:2])
        notes.append(
            say(
                "Images are resized to {height} x {width} (height x width; bilinear, antialiased), the first one's size "
                "where the model leaves it free.",
                height=height,
                width=width,
            )
            if free
            else say(
                "Images are resized to {height} x {width} (height x width; bilinear, antialiased).",
                height=height,
                width=width,
            )
        )
    if reader.channels_first:
        notes.append(say("The channels of images are moved to the first axis, where the model has them."))
    return notes


def _channels(input_shape: InputShape) -> tuple[int, bool]:
    """Return how many channels images must have, and whether they come first."""
    if len(input_shape) == 3:
        if input_shape[-1] in (1, 3, None):
            return input_shape[-1] or 3, False
        if input_shape[0] in (1, 3):
            return input_shape[0], True
    raise SamplesError(
        "images are greyscale or RGB: a model for them takes (height, width, 1) or (height, width, 3). "
        f"Received: a model with input {shown_shape(input_shape)}. Give the samples as arrays."
    )


def _check_first(shape: tuple[int, ...], wanted: InputShape, name: str) -> None:
    if not matches(shape, wanted):
        raise SamplesError(
            f"images must match the model's input {shown_shape(wanted)}. Received: shape {shown_shape(shape)} in "
            f"{name}. Resize them with --resize, or choose other images."
        )


def _check_alike(image: np.ndarray, shape: tuple[int, ...], dtype: np.dtype, name: str) -> None:
    """Raise SamplesError unless an image has the shape and dtype of the first one."""
    if image.shape != shape:
        raise SamplesError(
            f"images must all have the shape {shown_shape(shape)}. Received: shape {shown_shape(image.shape)} in "
            f"{name}. Resize them with --resize, or choose other images."
        )
    if image.dtype != dtype:
        raise SamplesError(
            f"images must all be of one kind, {dtype} like the first one. Received: {image.dtype} in {name}. "
            "Give bytes and floats separately."
        )
