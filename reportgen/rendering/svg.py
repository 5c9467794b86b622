"""SVG in few bytes: data of paths, and matplotlib's drawings with the same strokes and texts in a quarter of the bytes.

What matplotlib writes around every tick and word is left out; paths that look alike become one, with relative commands in
tenths of a point, finer than any screen; what all texts share stands once. Texts stay texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

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

    def curve(self, points: Sequence[float]) -> None:
        """Draw a cubic Bézier curve by its two control points and its end, x and y in turn."""
        self._flush()
        whole = [self._whole(value) for value in points]
        self._parts.append("c" + self._numbers([value - self._at[place % 2] for place, value in enumerate(whole)]))
        self._at = (whole[-2], whole[-1])

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


_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_TENTHS = 10  # units of the drawing for a point
_SHARED = ("font-family", "font-size", "text-anchor")
_TOKEN = re.compile(r"[MLCz]|[-+.\de]+")
_ROTATION = re.compile(r"rotate\(([-\d.]+) ")
_DEFAULTS = {"stroke-linecap": "butt", "stroke-linejoin": "round", "text-anchor": "start", "stroke-dashoffset": "0"}
_LENGTHS = ("stroke-width", "stroke-dasharray", "stroke-dashoffset", "font-size")
_NUMBER = re.compile(r"[-.\d]+")

Attributes = dict[str, str]


def lean_svg(drawing: bytes) -> bytes:
    """Return a drawing of matplotlib's SVG backend with texts as texts, shortened.

    Args:
        drawing: made of paths of lines and cubic curves, of their uses at points, and of texts.

    Raises:
        ValueError: it holds something else, such as a picture.
    """
    root = ElementTree.fromstring(drawing)
    known = {f"#{path.get('id')}": path for path in root.iter(f"{_SVG}path")}
    paths: list[tuple[Attributes, str]] = []
    texts: list[tuple[Attributes, str]] = []
    for element in _drawn(root):
        kind = element.tag.removeprefix(_SVG)
        if kind == "text":
            texts.append((_text_attributes(element), "".join(element.itertext())))
        elif kind == "path":
            paths.append((_looks(element), _moved(element.get("d", ""), 0, 0)))
        elif kind == "use":
            mark = known[element.get(_LINK, "")]
            data = _moved(mark.get("d", ""), float(element.get("x", 0)), float(element.get("y", 0)))
            paths.append(({**_looks(element), **_looks(mark)}, data))
        else:
            raise ValueError(f"a drawing is made of paths, their uses and texts. Received: {kind}")
    return _written(root, _merged(paths), texts).encode("utf-8")


def _drawn(element: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the elements that draw, in order: those of groups, but not what is only defined."""
    found = []
    for child in element:
        kind = child.tag.removeprefix(_SVG)
        if kind == "g":
            found += _drawn(child)
        elif kind not in ("defs", "metadata"):
            found.append(child)
    return found


def _looks(element: ElementTree.Element) -> Attributes:
    """Return the style of an element as presentation attributes, lengths in tenths of a point, without clipping."""
    pairs = (part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part)
    style = {name.strip(): value.strip() for name, value in pairs}
    for name in _LENGTHS:
        if name in style:
            style[name] = _NUMBER.sub(lambda one: compact(float(one[0]) * _TENTHS), style[name]).removesuffix("px")
    style = {name: _colour(value) for name, value in style.items() if _DEFAULTS.get(name) != value or name in _SHARED}
    if "stroke" not in style:  # how a line ends says nothing where there is none
        style = {name: value for name, value in style.items() if not name.startswith("stroke")}
    return style


def _colour(value: str) -> str:
    short = re.fullmatch(r"#(.)\1(.)\2(.)\3", value)
    return f"#{short[1]}{short[2]}{short[3]}" if short else value


def _moved(data: str, x: float, y: float) -> str:
    """Return a path's data, shifted by a point, in tenths of a point and with relative commands."""
    path = PathWriter()
    command = ""
    waiting: list[float] = []
    for token in _TOKEN.findall(data):
        if token.isalpha():
            command = token
            if token == "z":
                path.close()
            continue
        waiting.append((float(token) + (y if len(waiting) % 2 else x)) * _TENTHS)
        if command == "C" and len(waiting) == 6:
            path.curve(waiting)
            waiting = []
        elif command in "ML" and len(waiting) == 2:
            (path.move if command == "M" else path.line)(*waiting)
            waiting = []
    return path.text()


def _text_attributes(element: ElementTree.Element) -> Attributes:
    attributes = _looks(element)
    x, y = (round(float(element.get(name, 0)) * _TENTHS) for name in "xy")
    turned = _ROTATION.match(element.get("transform", ""))
    angle = compact(float(turned[1])) if turned else "0"
    place = {"x": str(x), "y": str(y)}
    return attributes | place | ({} if angle == "0" else {"transform": f"rotate({angle} {x} {y})"})


def _merged(paths: list[tuple[Attributes, str]]) -> list[tuple[Attributes, str]]:
    """Return paths with neighbours that look alike as one; what is translucent would change where it overlaps."""
    found: list[tuple[Attributes, str]] = []
    for looks, data in paths:
        if found and found[-1][0] == looks and "opacity" not in looks:
            found[-1] = (looks, found[-1][1] + data)
        else:
            found.append((looks, data))
    return found


def _written(
    root: ElementTree.Element, paths: list[tuple[Attributes, str]], texts: list[tuple[Attributes, str]]
) -> str:
    width, height = (float(root.get(name, "0").removesuffix("pt")) for name in ("width", "height"))
    shared = {name: _commonest(name, texts) for name in _SHARED if texts}
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": f"{compact(width)}pt",
        "height": f"{compact(height)}pt",
        "viewBox": f"0 0 {round(width * _TENTHS)} {round(height * _TENTHS)}",
        "stroke-linejoin": "round",
        "stroke-width": str(_TENTHS),  # a point: matplotlib leaves out what is SVG's default
        **shared,
    }
    svg = ElementTree.Element("svg", attributes)
    ElementTree.SubElement(svg, "style").text = DARK
    for looks, data in paths:
        ElementTree.SubElement(svg, "path", {"d": data, **looks})
    for looks, words in texts:
        own = {name: value for name, value in looks.items() if shared.get(name) != value}
        ElementTree.SubElement(svg, "text", own).text = words
    return ElementTree.tostring(svg, encoding="unicode").replace(" />", "/>")


def _commonest(name: str, texts: list[tuple[Attributes, str]]) -> str:
    return Counter(looks.get(name, _DEFAULTS.get(name, "")) for looks, _ in texts).most_common(1)[0][0]
