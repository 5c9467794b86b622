"""matplotlib's SVG with the same strokes and texts in a quarter of the bytes.

What it writes around every tick and word is left out; paths that look alike become one, with relative commands in tenths of a
point, finer than any screen; what all texts share stands once. Texts stay texts.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

from reportgen.rendering.paths import PathWriter, compact

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
    for looks, data in paths:
        ElementTree.SubElement(svg, "path", {"d": data, **looks})
    for looks, words in texts:
        own = {name: value for name, value in looks.items() if shared.get(name) != value}
        ElementTree.SubElement(svg, "text", own).text = words
    return ElementTree.tostring(svg, encoding="unicode").replace(" />", "/>")


def _commonest(name: str, texts: list[tuple[Attributes, str]]) -> str:
    return Counter(looks.get(name, _DEFAULTS.get(name, "")) for looks, _ in texts).most_common(1)[0][0]
