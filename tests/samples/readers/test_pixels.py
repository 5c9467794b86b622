import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.samples.readers import pixels as images
from reportgen.samples.readers.pixels import (
    Notice,
    check_header,
    looks_like_image,
    noticed_rules,
    read_image,
    reading_rules,
)


def read(path: Path, channels: int = 1) -> list[object]:
    pixels = read_image(path, channels=channels)
    return pixels[..., 0].tolist() if channels == 1 else pixels.tolist()


def save(path: Path, values: object, dtype: str = "uint8", **options: object) -> Path:
    Image.fromarray(np.array(values, dtype)).save(path, **options)  # type: ignore[arg-type]
    return path


def test_greyscale_is_read_with_one_channel(tmp_path: Path) -> None:
    pixels = read_image(save(tmp_path / "a.png", [[0, 128, 255]]), channels=1)

    assert pixels.shape == (1, 3, 1)
    assert pixels.dtype == np.uint8
    assert pixels[..., 0].tolist() == [[0, 128, 255]]


def test_greyscale_becomes_rgb_for_three_channels(tmp_path: Path) -> None:
    assert read(save(tmp_path / "a.png", [[0, 128]]), 3) == [[[0, 0, 0], [128, 128, 128]]]


def test_rgb_becomes_its_luma_for_one_channel(tmp_path: Path) -> None:
    # ITU-R 601: 0.299 * 255 = 76.2, 0.587 * 255 = 149.7, 0.114 * 255 = 29.1
    path = save(tmp_path / "a.png", [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]])

    assert read(path) == [[76, 150, 29]]


def test_16_bit_png_is_scaled_and_not_clipped(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", [[0, 257, 32768, 65535]], "uint16")

    assert read(path) == [[0, 1, 128, 255]]
    assert read(path, 3) == [[[0] * 3, [1] * 3, [128] * 3, [255] * 3]]


def test_16_bit_tiff_is_scaled(tmp_path: Path) -> None:
    assert read(save(tmp_path / "a.tif", [[0, 65535]], "uint16")) == [[0, 255]]


def test_16_bit_rgb_png_is_scaled(tmp_path: Path) -> None:
    row = b"\0" + struct.pack(">6H", 65535, 0, 257, 256, 32768, 65535)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)

    assert read(tmp_path / "a.png", 3) == [[[255, 0, 1], [1, 128, 255]]]


def test_a_transparent_16_bit_value_is_white(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    body = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 0, 0, 0, 0)) + chunk(b"tRNS", struct.pack(">H", 514))
    body += chunk(b"IDAT", zlib.compress(b"\0" + struct.pack(">2H", 514, 257))) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)

    assert read(tmp_path / "a.png") == [[255, 1]]


def test_float_tiff_keeps_its_values(tmp_path: Path) -> None:
    pixels = read_image(save(tmp_path / "a.tif", [[-1.5, 0.25, 3000]], "float32"), channels=3)

    assert pixels.dtype == np.float32
    assert pixels.tolist() == [[[-1.5] * 3, [0.25] * 3, [3000] * 3]]


def test_32_bit_integers_keep_their_values_as_floats(tmp_path: Path) -> None:
    pixels = read_image(save(tmp_path / "a.tif", [[-5, 100_000]], "int32"), channels=1)

    assert pixels.dtype == np.float32
    assert pixels.ravel().tolist() == [-5, 100_000]


def test_alpha_is_composited_on_white(tmp_path: Path) -> None:
    rgba = save(tmp_path / "a.png", [[[10, 20, 30, 0], [10, 20, 30, 255], [0, 0, 0, 128]]])
    grey = save(tmp_path / "b.png", [[[10, 0], [10, 255]]])

    assert read(rgba, 3) == [[[255, 255, 255], [10, 20, 30], [127, 127, 127]]]
    assert read(grey) == [[255, 10]]


def test_a_palette_with_a_transparent_colour_is_composited_on_white(tmp_path: Path) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([0, 0, 0, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "a.png", transparency=0)

    assert read(tmp_path / "a.png", 3) == [[[255, 255, 255], [200, 100, 50]]]


def test_one_bit_images_become_black_and_white(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(tmp_path / "a.png")

    assert read(tmp_path / "a.png") == [[0, 255]]


def test_cmyk_is_converted_to_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (1, 1), (0, 255, 255, 0)).save(tmp_path / "a.tif")

    assert read(tmp_path / "a.tif", 3) == [[[255, 0, 0]]]


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_cameras_rotation_is_applied_once(tmp_path: Path, suffix: str, dtype: str) -> None:
    white = np.iinfo(dtype).max
    exif = Image.Exif()  # an uncompressed TIFF opened by its name comes scrambled out of Pillow 13
    exif[0x0112] = 6  # stored turned left: the stored left column is the shown top row
    path = save(tmp_path / f"a.{suffix}", [[0, 0], [white, 0], [white, white]], dtype, exif=exif)

    assert read(path) == [[255, 255, 0], [255, 0, 0]]


def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("L", (2, 2), value) for value in (40, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])

    assert read(tmp_path / "a.gif") == [[40, 40], [40, 40]]


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_another_file_named_png_is_an_error_without_its_folder(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(SamplesError, match=r"^a.png is not an image that can be read.*TIFF or WEBP.$") as caught:
        read_image(tmp_path / "a.png", channels=1)

    assert str(tmp_path) not in str(caught.value)


def test_a_format_outside_the_list_is_refused(tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "a.png", format="PPM")

    with pytest.raises(SamplesError, match="is not an image that can be read"):
        read_image(tmp_path / "a.png", channels=1)


def test_a_truncated_image_is_an_error(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", np.arange(4096).reshape(64, 64) % 251)
    path.write_bytes(path.read_bytes()[:-500])

    check_header(path)
    with pytest.raises(SamplesError, match=r"a.jpg is a damaged or incomplete image. Received: .*truncated"):
        read_image(path, channels=1)


def test_a_missing_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"a.png is a damaged or incomplete image. Received: No such file"):
        read_image(tmp_path / "a.png", channels=1)


def test_the_pixel_limit_is_checked_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.png", np.zeros((20, 30)))
    monkeypatch.setattr(images, "PIXEL_LIMIT", 599)

    for reader in (check_header, lambda path: read_image(path, channels=1)):
        with pytest.raises(SamplesError, match=r"a.png is larger than 0 megapixels. Received: 30 x 20 pixels."):
            reader(path)


@pytest.mark.parametrize("limit", [400, 100])
def test_what_pillow_takes_for_a_bomb_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    # Pillow warns above its limit and raises above twice its limit
    path = save(tmp_path / "a.png", np.zeros((20, 30)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    for reader in (check_header, lambda path: read_image(path, channels=1)):
        with pytest.raises(SamplesError, match=r"larger than 50 megapixels. Received: a size that Pillow takes"):
            reader(path)


def test_an_image_without_pixels_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"GIF89a\0\0\0\0\0\0\0;")

    with pytest.raises(SamplesError, match=r"^a.gif "):
        read_image(tmp_path / "a.gif", channels=1)
    with pytest.raises(SamplesError, match=r"a.gif has no pixels. Received: 0 x 5."):
        images._check_size(Image.new("L", (0, 5)), tmp_path / "a.gif")


def test_a_readable_header_passes(tmp_path: Path) -> None:
    check_header(save(tmp_path / "a.bmp", [[1]]))


def test_a_header_of_another_kind_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("text")

    with pytest.raises(SamplesError, match="is not an image that can be read"):
        check_header(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tif", "webp"])
def test_the_first_bytes_tell_every_format(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"a.{suffix}", np.zeros((4, 4)))

    assert looks_like_image(path.read_bytes()[:16])


def test_text_does_not_look_like_an_image() -> None:
    assert not looks_like_image(b"RIFF\0\0\0\0WAVE")
    assert not looks_like_image(b"hello")


def test_the_rules_are_said_for_bytes_and_for_floats() -> None:
    assert reading_rules(3, np.dtype("uint8")) == (
        "Images are read as RGB (no colour profile is applied); the camera's rotation (EXIF) is applied.",
    )
    assert reading_rules(1, np.dtype("float32")) == (
        "Images are read as greyscale (ITU-R 601 luma); the camera's rotation (EXIF) is applied.",
        "Images of floats or 32-bit integers keep their values.",
    )


def test_what_only_some_images_have_is_said_once_it_was_met(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 128)).save(tmp_path / "clear.png")
    Image.fromarray(np.full((4, 4), 65_535, np.uint16)).save(tmp_path / "deep.png")
    frames = [Image.new("L", (4, 4), value) for value in (0, 255)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    Image.new("L", (4, 4)).save(tmp_path / "plain.png")
    met: set[Notice] = set()
    seen = []
    for name in ("plain.png", "clear.png", "deep.png", "moving.gif"):
        read_image(tmp_path / name, channels=1, met=met)
        seen.append(sorted(met))
    assert seen == [[], ["transparent"], ["16-bit", "transparent"], ["16-bit", "frames", "transparent"]]
    assert noticed_rules(met) == (
        "Transparent pixels were composited on white.",
        "Only the first of several frames was used.",
        "16-bit greyscale was scaled to 0 to 255.",
    )
    assert noticed_rules(set()) == ()


def test_a_damaged_tiff_writes_nothing_to_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path / "a.tif", np.arange(4096).reshape(64, 64) % 251, compression="tiff_lzw")
    content = bytearray(path.read_bytes())
    content[40:400] = b"\xff" * 360
    path.write_bytes(content)

    with pytest.raises(SamplesError, match=r"a.tif is a damaged or incomplete image"):
        read_image(path, channels=1)

    assert capfd.readouterr().err == ""


def test_a_tiff_is_read_where_standard_error_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(descriptor: int) -> int:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(os, "dup", closed)

    assert read(save(tmp_path / "a.tif", [[1, 2]])) == [[1, 2]]
