"""Attribution maps from feature maps and their gradients.

Pure formulas; axes are (n, height, width, channels), those of volumes (n, depth, height, width, channels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from reportgen.messages import say

METHODS: Mapping[str, str] = {
    "hirescam": "HiResCAM",
    "gradcam": "Grad-CAM",
    "layercam": "LayerCAM",
    "integrated-gradients": say("Integrated gradients"),
}
"""Names by key, as --attribution takes them."""


def hirescam(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Return HiResCAM maps, (n, height, width): every value times its own gradient, summed over the channels.

    Source: Draelos and Carin, Use HiResCAM instead of Grad-CAM, arXiv 2011.08891: the definition of HiResCAM.
    """
    return np.asarray((features * gradients).sum(axis=-1))


def gradcam(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Return Grad-CAM maps before the rectifier, (n, height, width): channels weighted by their mean gradient.

    Source: Selvaraju et al., Grad-CAM, arXiv 1610.02391, equations 1 and 2.
    """
    return np.asarray((features * gradients.mean(axis=tuple(range(1, gradients.ndim - 1)), keepdims=True)).sum(axis=-1))


def layercam(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Return LayerCAM maps before the rectifier, (n, height, width): values weighted by their positive gradients.

    Source: Jiang et al., LayerCAM, IEEE Transactions on Image Processing 30 (2021), equations 5 and 6.
    """
    return np.asarray((features * np.maximum(gradients, 0)).sum(axis=-1))


FORMULAS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "hirescam": hirescam,
    "gradcam": gradcam,
    "layercam": layercam,
}
