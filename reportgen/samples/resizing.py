"""How images of another size than the model's input are brought to it, as `keras.utils.image_dataset_from_directory` does.

Source: https://keras.io/api/data_loading/image: bilinear without antialiasing; stretched by default, or cropped to
(`crop_to_aspect_ratio`) or padded to (`pad_to_aspect_ratio`) the ratio of the input's sides. https://www.tensorflow.org/api_docs/python/tf/image/resize
says that pixels have their centres at half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from reportgen.messages import say

Resize = Literal["auto", "none", "stretch", "crop", "pad"]
"""What is done with images of another size: 'auto' stretches those of files and leaves arrays as they are."""

_MOST_PADDED = 0.005  # a pixel of 200 that rounding adds or takes is not worth a word


@dataclass(frozen=True)
class Resizing:
    """Brings images to one size, and keeps in mind how much that changed them.

    The places of pixels are computed in float32, as TensorFlow does, so that they are the same.

    Attributes:
        how: whether both sides are stretched, or the image is cropped or padded so that their ratio stays.
        size: (height, width) of the result.
        met: the largest change so far, see `noticed`; empty while every image had the size.
    """

    how: Literal["stretch", "crop", "pad"]
    size: tuple[int, int]
    met: dict[str, float] = field(default_factory=dict, compare=False)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Return an image (height, width, channels) in this size, of the same dtype; bytes are rounded.

        Pixels that are added have the value 0.
        """
        height, width = image.shape[:2]
        if (height, width) == self.size:
            return image
        tall, wide = self.size
        change, inner, top, left = 1.0, image, 0, 0
        if self.how == "stretch":
            change = max(width * tall / (height * wide), height * wide / (width * tall))
        elif self.how == "crop":
            inner = _cropped(image, self.size)
            change = 1 - inner.shape[0] * inner.shape[1] / (height * width)
        else:
            top, left, tall, wide = _padding(height, width, self.size)
            change = 1 - tall * wide / (self.size[0] * self.size[1])
        self.met["change"] = max(self.met.get("change", 0.0), change)
        resized = bilinear(inner, (tall, wide))
        if (tall, wide) == self.size:
            return resized
        padded = np.zeros((*self.size, image.shape[2]), image.dtype)
        padded[top : top + tall, left : left + wide] = resized
        return padded

    def noticed(self) -> tuple[str, ...]:
        """Return what was done to images so far, one sentence each; nothing while every image had the size."""
        if not self.met:
            return ()
        height, width = self.size
        done = say(
            "Images of other sizes were resized to {height} x {width} (height x width; bilinear, no antialiasing, as "
            "Keras' image_dataset_from_directory does).",
            height=height,
            width=width,
        )
        return (done, _said(self.how, self.met["change"]))


def _said(how: str, change: float) -> str:
    if how == "crop":
        return say("They were cropped to the input's aspect ratio: up to {share:.0%} of an image.", share=change)
    if how == "pad":
        return say("They were padded with zeros: up to {share:.0%} of the input.", share=change)
    if change < 1 + _MOST_PADDED:
        return say("Their aspect ratio was kept.")
    return say("They were stretched: the aspect ratio changed by a factor of up to {factor:.2f}.", factor=change)


def bilinear(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return an image in another size, each value between its four nearest pixels; of the same dtype, bytes rounded.

    Args:
        image: (height, width, channels).
        size: (height, width), each at least 1.

    Example:
        >>> bilinear(np.array([[[0.0], [4.0]]]), (1, 4)).ravel().tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    rows, below, down = _between(image.shape[0], size[0])
    values = image[rows] * (1 - down)[:, None, None] + image[below] * down[:, None, None]
    columns, beside, right = _between(image.shape[1], size[1])
    values = values[:, columns] * (1 - right)[None, :, None] + values[:, beside] * right[None, :, None]
    return np.asarray(values if image.dtype.kind == "f" else np.rint(values), image.dtype)


def nearest(
    image: np.ndarray, size: tuple[int, int], how: Literal["stretch", "crop", "pad"], *, beyond: int = 0
) -> np.ndarray:
    """Return a mask in another size, each value that of the nearest pixel, as classes have no values between them.

    Args:
        image: (height, width) or (height, width, channels).
        size: (height, width), each at least 1.
        how: as images are resized.
        beyond: value of the pixels that are added, which the mask's type can hold.

    Example:
        >>> nearest(np.array([[1, 2, 3, 4]]), (1, 2), "stretch").tolist()
        [[2, 4]]
    """
    tall, wide = size
    top = left = 0
    if how == "crop":
        image = _cropped(image, size)
    elif how == "pad":
        top, left, tall, wide = _padding(image.shape[0], image.shape[1], size)
    rows, columns = (
        np.minimum((np.arange(new) + 0.5) * old / new, old - 1).astype(np.intp)
        for old, new in zip(image.shape[:2], (tall, wide), strict=True)
    )
    resized = image[rows[:, None], columns]
    if (tall, wide) == size:
        return np.asarray(resized)
    padded = np.full((*size, *image.shape[2:]), beyond, image.dtype)
    padded[top : top + tall, left : left + wide] = resized
    return padded


def _padding(height: int, width: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where an image lies in a padded one, and the size that it has there: top, left, height, width."""
    tall, wide = size
    ratio = np.float32(max(np.float32(width) / np.float32(wide), np.float32(height) / np.float32(tall)))
    top, left = int((tall - height / ratio) / 2), int((wide - width / ratio) / 2)
    return top, left, max(int(height / ratio), 1), max(int(width / ratio), 1)


def _between(old: int, new: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each new pixel its two old ones and how far it is from the first, (new,) float32 in [0, 1]."""
    places = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * np.float32(old / new) - np.float32(0.5)
    lower = np.floor(places)
    first, second = (np.clip(place, 0, old - 1).astype(np.intp) for place in (lower, lower + 1))
    return first, second, places - lower


def _cropped(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Return the largest part around the middle whose sides have the ratio of `size`."""
    height, width = image.shape[:2]
    tall = max(min(height, width * size[0] // size[1]), 1)
    wide = max(min(width, height * size[1] // size[0]), 1)
    top, left = (height - tall) // 2, (width - wide) // 2
    return image[top : top + tall, left : left + wide]
