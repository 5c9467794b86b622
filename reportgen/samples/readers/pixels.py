"""One image file, from bytes to the pixels that a model can take.

Pillow's `convert` alone clips 16-bit values, ignores the camera's rotation and leaves what lies under transparent
pixels; the rules here are in `reading_rules`, as the page prints them.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, Protocol

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import reason, shown_name

# A fixed list: Pillow has some forty decoders, of which one starts Ghostscript
IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
# 150 MB as RGB. Pillow itself only warns above 89 megapixels
PIXEL_LIMIT = 50_000_000
_WHITE_16_BIT = 65_535

Notice = Literal["transparent", "frames", "16-bit"]
"""What only some images have, and what is done about it then."""

_NOTICES: dict[Notice, str] = {
    "transparent": say("Transparent pixels were composited on white."),
    "frames": say("Only the first of several frames was used."),
    "16-bit": say("16-bit greyscale was scaled to 0 to 255."),
}


class Openable(Protocol):
    """A file, of the file system or of an archive."""

    @property
    def name(self) -> str:
        """What it is called, without the folders around it."""

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Return its bytes."""


def read_image(path: Openable, *, channels: int, met: set[Notice] | None = None) -> np.ndarray:
    """Return the pixels of an image file.

    Args:
        path: a PNG, JPEG, BMP, GIF, TIFF or WebP file.
        channels: 1 for greyscale, 3 for RGB.
        met: to which is added what was changed, see `noticed_rules`.

    Returns:
        (height, width, channels), uint8 in [0, 255]; float32 with the stored values for a TIFF of floats or 32-bit
        integers.

    Raises:
        SamplesError: not an image of these formats, damaged, incomplete, or over 50 megapixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as a damaged EXIF block: the pixels are what counts
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Opened here, not by Pillow: given a name it memory-maps an uncompressed TIFF and scrambles a rotated one
            with path.open("rb") as file, Image.open(file, formats=IMAGE_FORMATS) as image:
                _check_size(image, path)
                with _quiet_libtiff() if image.format == "TIFF" else contextlib.nullcontext():
                    image.load()
                pixels = _pixels(image, channels)
                if met is not None:
                    met |= _notices(image)
    except SamplesError:
        raise
    except Exception as error:  # damaged files make Pillow raise almost anything
        raise _cannot_be_read(path, error) from error
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, np.newaxis], channels, axis=2)


def check_header(path: Openable) -> None:
    """Raise SamplesError unless the file announces an image that can be read; no pixel is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with path.open("rb") as file, Image.open(file, formats=IMAGE_FORMATS) as image:
                _check_size(image, path)
    except SamplesError:
        raise
    except Exception as error:
        raise _cannot_be_read(path, error) from error


def looks_like_image(head: bytes) -> bool:
    """Return whether a file's first 16 bytes are those of one of the formats."""
    signatures = (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
    return head.startswith(signatures) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def reading_rules(channels: int, dtype: np.dtype) -> tuple[str, ...]:
    """Return what `read_image` does to images of this kind, one sentence each, as the page shows them."""
    grey = say("Images are read as greyscale (ITU-R 601 luma); the camera's rotation (EXIF) is applied.")
    colour = say("Images are read as RGB (no colour profile is applied); the camera's rotation (EXIF) is applied.")
    first = grey if channels == 1 else colour
    if dtype == np.float32:
        return (first, say("Images of floats or 32-bit integers keep their values."))
    return (first,)


def noticed_rules(met: set[Notice]) -> tuple[str, ...]:
    """Return what `read_image` changed in some images alone, one sentence each.

    Args:
        met: in the images that were read.
    """
    return tuple(sentence for notice, sentence in _NOTICES.items() if notice in met)


def _notices(image: Image.Image) -> set[Notice]:
    met: set[Notice] = set()
    if _is_sixteen_bit(image):
        met.add("16-bit")
    elif image.mode not in ("I", "F") and image.has_transparency_data:
        met.add("transparent")
    with contextlib.suppress(Exception):  # a damaged frame that is not read is no matter
        if getattr(image, "is_animated", False):
            met.add("frames")
    return met


@contextlib.contextmanager
def _quiet_libtiff() -> Iterator[None]:
    """Send standard error nowhere: the C library writes there about damage that is raised as an error anyway."""
    try:
        kept = os.dup(2)
    except OSError:  # closed by whoever started the program
        yield
        return
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _check_size(image: Image.Image, path: Openable) -> None:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise SamplesError(
            f"{shown_name(path.name)} is larger than {PIXEL_LIMIT // 1_000_000} megapixels. "
            f"Received: {width} x {height} pixels. Reduce its size."
        )
    if width * height == 0:
        raise SamplesError(f"{shown_name(path.name)} has no pixels. Received: {width} x {height}. Choose another file.")


def _cannot_be_read(path: Openable, error: Exception) -> SamplesError:
    if isinstance(error, UnidentifiedImageError):
        # Pillow's text names the whole path
        return SamplesError(
            f"{shown_name(path.name)} is not an image that can be read. Received: content of another kind, or damaged. "
            f"Give {', '.join(IMAGE_FORMATS[:-1])} or {IMAGE_FORMATS[-1]}."
        )
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return SamplesError(
            f"{shown_name(path.name)} is larger than {PIXEL_LIMIT // 1_000_000} megapixels. "
            "Received: a size that Pillow takes for a decompression bomb. Reduce its size."
        )
    return SamplesError(
        f"{shown_name(path.name)} is a damaged or incomplete image. Received: {reason(error)}. Replace or remove the file."
    )


def _pixels(opened: Image.Image, channels: int) -> np.ndarray:
    """Return (height, width) or (height, width, 3), uint8 or float32, of the first frame."""
    sixteen_bit = _is_sixteen_bit(opened)
    image = ImageOps.exif_transpose(opened)
    if sixteen_bit:
        image = _sixteen_bit_to_eight(image)
    elif image.mode in ("I", "F"):
        image = image.convert("F")
    else:
        image = _on_white(image)
    if image.mode != "F":
        image = image.convert("L" if channels == 1 else "RGB")
    return np.array(image)


def _is_sixteen_bit(image: Image.Image) -> bool:
    # PNG has no 32-bit integers: before Pillow 11, mode I is how its 16-bit greyscale arrives
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")


def _sixteen_bit_to_eight(image: Image.Image) -> Image.Image:
    """Return mode L with 65,535 as 255, rounded. Pillow's own conversion would clip at 255."""
    values = np.asarray(image).astype(np.uint32)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        values[values == transparent] = _WHITE_16_BIT
    return Image.fromarray(((values * 255 + _WHITE_16_BIT // 2) // _WHITE_16_BIT).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    """Return the image without transparency: what lies below is white."""
    if not image.has_transparency_data:
        return image.convert("RGB") if image.mode not in ("1", "L") else image.convert("L")
    overlay = image.convert("RGBA")
    white = Image.new("RGBA", overlay.size, "white")
    white.alpha_composite(overlay)
    return white.convert("RGB")
