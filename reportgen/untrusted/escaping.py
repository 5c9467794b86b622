"""Text of a file, made fit for a one-line message: escaped, shortened, without a folder."""

from __future__ import annotations

from pathlib import Path

NAME_LIMIT = 80
REASON_LIMIT = 240


def shown(text: object, *, limit: int = NAME_LIMIT) -> str:
    r"""Return `text` on one line: control, bidirectional and unprintable characters escaped, at most `limit` long.

    Names in a model file are chosen by whoever made it, so they may hold line breaks, terminal commands or marks that
    reverse the reading direction. `str.isprintable` is false for all of these.

    Example:
        >>> shown("a\nb")
        'a\\nb'
    """
    # Cut before escaping, too: a name of a gigabyte must not be copied character by character.
    raw = str(text)[: limit + 1]
    escaped = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in raw
    )
    return escaped if len(escaped) <= limit else escaped[: limit - 1] + "…"


def base_name(path: str | Path) -> str:
    """Return the last part of `path`, escaped and shortened: an error never shows a folder or a user's name."""
    return shown(Path(path).name or Path(path).resolve().name or str(path))


def reason_of(error: BaseException, *, limit: int = REASON_LIMIT) -> str:
    """Return the first line that `error` says, escaped and shortened, or its kind where it says nothing."""
    # Keras puts the cause at the end of a message that begins with the whole configuration
    text = str(error).rsplit("Exception encountered:", 1)[-1]
    lines = (line.strip() for line in text[: 8 * limit].splitlines())
    first = next((line for line in lines if line), "")
    return shown(first, limit=limit) if first else type(error).__name__
