"""A figure in few bytes looks as matplotlib drew it."""

import io
import re
from typing import Any

import numpy as np
import pytest
from matplotlib import rc_context
from PIL import Image

from reportgen.rendering.encoding import figure_svg
from reportgen.rendering.figures import draw_curve
from reportgen.results.plottables import Curve

X = np.array([0.2, 0.55, 0.9])
DRAWN = {
    "calibration": lambda: draw_curve(Curve(X, X * 0.9, X * 0.7, X * 1.05, "confidence", "accuracy", (0.0, 1.0))),
    "curve": lambda: draw_curve(Curve(X * 40, X**2, X**2, X**2, "share", "score")),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_short_drawing_has_the_pixels_of_the_long_one(browser: Any, name: str) -> None:
    figure = DRAWN[name]()
    long = io.BytesIO()
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(long, format="svg")
    pictures = [_pixels(browser, svg) for svg in (figure_svg(figure), long.getvalue())]
    assert pictures[1].min() < 64  # something is drawn at all
    difference = np.abs(pictures[0] - pictures[1])
    # lines stand within half a tenth of a point, so that a pixel at their edge is a little darker or lighter
    assert difference.mean() < 0.5
    assert difference.max() < 100


def _pixels(browser: Any, svg: bytes) -> np.ndarray:
    page = browser.new_page(viewport={"width": 720, "height": 340})
    # without texts, which a browser moves by whole pixels
    drawing = re.sub("<text.*?</text>", "", svg.decode(), flags=re.DOTALL)
    page.set_content(drawing[drawing.index("<svg") :])
    picture = page.screenshot()
    page.close()
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L"), dtype=np.int16)
