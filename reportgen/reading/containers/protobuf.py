"""Fields of a protocol buffer, read without its schema: TensorFlow's files are such buffers.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
Buffer = bytes | memoryview


class WireError(ValueError):
    """The bytes are no protocol buffer."""


def varint(buffer: Buffer, position: int) -> tuple[int, int]:
    """Return the number of variable length at `position`, and the position behind it.

    Raises:
        WireError: it has no end.
    """
    value = 0
    for index in range(_LONGEST_VARINT):
        if position + index >= len(buffer):
            break
        byte = buffer[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise WireError("a number without an end")


def fields(buffer: Buffer) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of every field of a message: a number, or the bytes of a text or of another message.

    Raises:
        WireError: a field is cut off or of a kind that is not used any more.
    """
    view = memoryview(buffer)
    position = 0
    while position < len(view):
        tag, position = varint(view, position)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, position = varint(view, position)
            yield number, value
            continue
        if kind == _BYTES:
            size, position = varint(view, position)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise WireError(f"a field of kind {kind}")
        if size > len(view) - position:
            raise WireError("a field that is cut off")
        content = view[position : position + size]
        yield number, content if kind == _BYTES else int.from_bytes(content, "little")
        position += size


def messages(buffer: Buffer, number: int) -> Iterator[memoryview]:
    """Yield the bytes of every field of that number which holds bytes."""
    for found, value in fields(buffer):
        if found == number and isinstance(value, memoryview):
            yield value


def text(buffer: Buffer, number: int) -> str:
    """Return the text in a message's field, '' where it has none; the last one counts."""
    value = b""
    for content in messages(buffer, number):
        value = bytes(content)
    return value.decode("utf-8", errors="replace")


def signed(value: int) -> int:
    """Return a number of 64 bits with its sign."""
    return value - (1 << 64) if value >= 1 << 63 else value
