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

_ROUNDING = 1e-6


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


def positive_evidence(maps: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Return the positive part of maps (N, *size); of a map whose positive values together are rounding, zeros.

    They are where their sum is at most a millionth of the logit, or of 1 where that is less: a class's score would not
    change by more than the millionth that the deletion test takes for noise.

    Args:
        maps: (N, *size) float32.
        logits: the logit that each explains, (N,).
    """
    positive = np.maximum(maps, 0)
    least = _ROUNDING * np.maximum(1.0, np.abs(logits))
    along = tuple(range(1, maps.ndim))
    return np.where(np.expand_dims(positive.sum(axis=along, dtype=np.float64) > least, along), positive, 0)
