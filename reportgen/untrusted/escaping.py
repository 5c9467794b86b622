"""Text of a file, made fit to be shown: what cannot be seen is escaped, what is long is cut, folders are left out."""

from __future__ import annotations

import unicodedata
from pathlib import Path

NAME_LIMIT = 80
REASON_LIMIT = 240
# Control, format (bidirectional marks), surrogate, private, unassigned; line and paragraph separators
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def escaped(text: str, *, keep: str = "") -> str:
    r"""Return `text` with an escape in place of each character that cannot be seen or that turns the writing direction.

    Names in a model file or of a file are chosen by whoever made it, so they may hold line breaks, terminal commands or marks
    that reverse the reading direction. Spaces of every width stay.

    Args:
        text: any text.
        keep: characters that stay all the same, such as line breaks.

    Example:
        >>> escaped("a\nb")
        'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape", "surrogatepass").decode("ascii")
        if is_unseen(character) and character not in keep
        else character
        for character in text
    )


def is_unseen(character: str) -> bool:
    """Return whether a character cannot be seen, or turns the writing direction; a space of any width counts as seen."""
    return unicodedata.category(character) in _UNSEEN


def shown(text: object, *, limit: int = NAME_LIMIT, end: int = 0) -> str:
    """Return `text` escaped, on one line, and cut to at most `limit` characters; '…' stands for what is left out.

    Args:
        text: any value, shown as `str` shows it.
        limit: the most characters.
        end: how many of them show the end of a text that is cut; file names differ at their ends.
    """
    raw = str(text)
    # Cut before escaping, too: a name of a gigabyte must not be copied character by character.
    line = escaped(raw if len(raw) <= 2 * limit else raw[:limit] + raw[len(raw) - limit :])
    if len(line) <= limit:
        return line
    return f"{line[: limit - end - 1]}…{line[len(line) - end :]}"


def base_name(path: str | Path, *, limit: int = NAME_LIMIT, end: int = 0) -> str:
    """Return the last part of `path`, escaped and cut as by `shown`: an error never shows a folder or a user's name.

    Of '.' and '..' it is the folder's own name.
    """
    name = Path(path).name
    return shown(name if name not in ("", "..") else Path(path).resolve().name or path, limit=limit, end=end)


def reason_of(error: BaseException, *, limit: int = REASON_LIMIT, end: int = 0) -> str:
    """Return the first line that `error` says, escaped and cut as by `shown`, or its kind where it says nothing.

    Of an OSError it is the system's reason alone, without the file name, which holds the folder.
    """
    # Keras puts the cause at the end of a message that begins with the whole configuration
    text = (getattr(error, "strerror", None) or str(error)).rsplit("Exception encountered:", 1)[-1]
    lines = (line.strip() for line in text[: 8 * limit].splitlines())
    first = next((line for line in lines if line), type(error).__name__)
    return shown(first, limit=limit, end=end)
