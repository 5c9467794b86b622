"""SVG in few bytes: data of paths with relative commands, on a grid that is finer than any screen."""

from __future__ import annotations

from collections.abc import Iterable

DARK = "@media(prefers-color-scheme:dark){:root{filter:invert(.89)hue-rotate(180deg)}}"
"""Style of a drawing on white: in a dark scheme it is light on a dark ground, its hues the same."""


class PathWriter:
    """Puts a path together on a grid of whole steps.

    Points are rounded before their differences are taken, so that nothing adds up along the path.

    Args:
        step: the grid's step in the drawing's units: 1 for one that is drawn in steps, 0.1 for tenths.
    """

    def __init__(self, step: float = 1.0) -> None:
        self._step = step
        self._parts: list[str] = []
        self._at = self._start = (0, 0)
        self._run: tuple[str, int] = ("", 0)

    def move(self, x: float, y: float) -> None:
        """Begin a new line at a point."""
        self._flush()
        point = self._whole(x), self._whole(y)
        if self._parts:
            self._parts.append("m" + self._numbers((point[0] - self._at[0], point[1] - self._at[1])))
        else:
            self._parts.append("M" + self._numbers(point))
        self._at = self._start = point

    def line(self, x: float, y: float) -> None:
        """Draw to a point; lines that go on in the same direction become one."""
        point = self._whole(x), self._whole(y)
        across, down = point[0] - self._at[0], point[1] - self._at[1]
        if across and down:
            self._flush()
            self._parts.append("l" + self._numbers((across, down)))
        elif across or down:
            command, length = ("h", across) if across else ("v", down)
            if self._run[0] != command or self._run[1] * length < 0:
                self._flush()
                self._run = (command, 0)
            self._run = (command, self._run[1] + length)
        self._at = point

    def close(self) -> None:
        """Draw back to where the line began."""
        self._flush()
        self._parts.append("z")
        self._at = self._start

    def text(self) -> str:
        """Return the path's data."""
        self._flush()
        return "".join(self._parts)

    def _flush(self) -> None:
        command, length = self._run
        if length:
            self._parts.append(command + self._numbers((length,)))
        self._run = ("", 0)

    def _whole(self, value: float) -> int:
        return round(float(value) / self._step)

    def _numbers(self, whole: Iterable[int]) -> str:
        """Return numbers with a blank between them only where no minus sign parts them."""
        texts = [compact(value * self._step) for value in whole]
        return "".join(text if place == 0 or text[0] == "-" else f" {text}" for place, text in enumerate(texts))


def compact(value: float) -> str:
    """Return a number with at most one decimal and no needless zero: '-.5'."""
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else "0" if text == "-0" else text


def stairs(levels: Iterable[float], ends: Iterable[float], base: float) -> str:
    """Return a closed outline of bars side by side, the first of which begins at 0.

    Args:
        levels: y of each bar's top.
        ends: x of each bar's right side.
        base: y of their feet.
    """
    path = PathWriter(0.5)
    path.move(0, base)
    x = 0.0
    for level, end in zip(levels, ends, strict=True):
        path.line(x, level)
        path.line(end, level)
        x = end
    path.line(x, base)
    path.close()
    return path.text()
