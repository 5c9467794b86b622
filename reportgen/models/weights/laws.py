"""The laws by which Keras' own initialisers draw single weights, and draws of them from numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

UNIFORM, NORMAL, TRUNCATED = "uniform", "normal", "truncated"

_CUT = 2.0  # standard deviations, of TruncatedNormal. Source: keras.random.truncated_normal
_WITHIN = math.erf(_CUT / math.sqrt(2))
_AT_CUT = math.exp(-(_CUT**2) / 2) / math.sqrt(2 * math.pi)
_TRUNCATED_DEVIATION = 0.87962566103423978  # Source: keras.initializers.VarianceScaling
_SCALED = ("VarianceScaling", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform")
_FURTHEST, _STEPS = 8.0, 8_000  # of the table of the normal distribution function


@dataclass(frozen=True)
class Law:
    """How an initialiser draws single weights, each by itself.

    Attributes:
        kind: 'uniform', 'normal', or 'truncated' for a normal distribution that is cut at two standard deviations.
        middle: the mean.
        scale: half of the width of a uniform distribution, the standard deviation of a normal one before it is cut; not negative.
    """

    kind: str
    middle: float
    scale: float

    @property
    def reach(self) -> float:
        """The largest distance of a weight from the middle; infinite for normal ones."""
        return {UNIFORM: self.scale, TRUNCATED: _CUT * self.scale}.get(self.kind, math.inf)

    @property
    def deviation(self) -> float:
        """The standard deviation of the weights."""
        return math.sqrt(self.moment(2))

    def moment(self, order: int) -> float:
        """Return the central moment of an even order, 0 or more; those of odd orders are 0.

        Source: integration by parts, of a cut normal distribution M_k = (k - 1) M_(k-2) - 2 c^(k-1) phi(c) / P(|x| < c).
        """
        if self.kind == UNIFORM:
            return self.scale**order / (order + 1)
        cut = 2 * _AT_CUT / _WITHIN if self.kind == TRUNCATED else 0.0
        moment = 1.0
        for place in range(2, order + 1, 2):
            moment = (place - 1) * moment - cut * _CUT ** (place - 1)
        return moment * self.scale**order

    def below(self, values: np.ndarray) -> np.ndarray:
        """Return the probability of a weight under each value, float64 in [0, 1], within 2e-7.

        Args:
            values: weights, in any shape.
        """
        if self.scale == 0:
            return np.asarray(values >= self.middle, np.float64)
        standard = (np.asarray(values, np.float64) - self.middle) / self.scale
        if self.kind == UNIFORM:
            return np.clip((standard + 1) / 2, 0.0, 1.0)
        places, normal = _normal_table()
        found = np.interp(standard, places, normal)
        uncut = found if self.kind == NORMAL else np.clip((found - (1 - _WITHIN) / 2) / _WITHIN, 0.0, 1.0)
        return np.asarray(uncut)

    def quantile(self, share: float) -> float:
        """Return the value under which a weight lies with a probability, in (0, 1)."""
        if self.kind == UNIFORM:
            return self.middle + self.scale * (2 * share - 1)
        uncut = share if self.kind == NORMAL else (1 - _WITHIN) / 2 + share * _WITHIN
        return self.middle + self.scale * NormalDist().inv_cdf(uncut)

    def draw(self, generator: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
        """Return fresh weights of a shape, float32; what lies beyond a cut is drawn again."""
        if self.kind == UNIFORM:
            drawn = generator.random(tuple(shape), np.float32)
            drawn *= 2
            drawn -= 1
        else:
            drawn = generator.standard_normal(tuple(shape), np.float32)
            flat = drawn.reshape(-1)
            beyond = (np.abs(flat) > _CUT).nonzero()[0] if self.kind == TRUNCATED else np.empty(0, int)
            while len(beyond):
                flat[beyond] = generator.standard_normal(len(beyond), np.float32)
                beyond = beyond[np.abs(flat[beyond]) > _CUT]
        drawn *= np.float32(self.scale)
        drawn += np.float32(self.middle)
        return drawn


@lru_cache(maxsize=1)
def _normal_table() -> tuple[np.ndarray, np.ndarray]:
    places = np.linspace(-_FURTHEST, _FURTHEST, _STEPS + 1)
    return places, np.array([math.erfc(-place / math.sqrt(2)) / 2 for place in places])


def law_of(initializer: Any, shape: Sequence[int]) -> Law | None:
    """Return the law by which an initialiser of Keras draws each weight by itself; None for all others.

    Args:
        initializer: a `keras.initializers.Initializer` or None; a class of the user's own may do anything.
        shape: shape of the whole kernel, which decides the scale of most.

    Source: keras.initializers of Keras 3.15.
    """
    if not is_keras_own(initializer):
        return None
    kind = type(initializer).__name__
    if kind == "RandomUniform":
        low, high = float(initializer.minval), float(initializer.maxval)
        return Law(UNIFORM, (low + high) / 2, abs(high - low) / 2)
    if kind in ("RandomNormal", "TruncatedNormal"):
        law = NORMAL if kind == "RandomNormal" else TRUNCATED
        return Law(law, float(initializer.mean), abs(float(initializer.stddev)))
    if kind not in _SCALED:
        return None
    deviation = math.sqrt(initializer.scale / _fan(initializer, shape))
    if initializer.distribution == "uniform":
        return Law(UNIFORM, 0.0, math.sqrt(3) * deviation)
    if initializer.distribution == "untruncated_normal":
        return Law(NORMAL, 0.0, deviation)
    return Law(TRUNCATED, 0.0, deviation / _TRUNCATED_DEVIATION)


def is_keras_own(initializer: Any) -> bool:
    """Return whether an initialiser is one that comes with Keras."""
    return initializer is not None and type(initializer).__module__.split(".")[0] == "keras"


def _fan(initializer: Any, shape: Sequence[int]) -> float:
    """Return how many values a kernel adds up (fan_in), gives on (fan_out), or their mean (fan_avg), at least 1.

    Source: keras.initializers.VarianceScaling of Keras 3.15, compute_fans.
    """
    window = math.prod(shape[:-2])
    before, after = (shape[-2] if len(shape) > 1 else shape[-1]) * window, shape[-1] * window
    inputs, outputs = (getattr(initializer, name, None) for name in ("input_axes", "output_axes"))
    if inputs is not None and outputs is not None:  # of an EinsumDense
        before, after = (math.prod(shape[axis] for axis in axes) for axes in (inputs, outputs))
    return max(1.0, {"fan_in": before, "fan_out": after}.get(initializer.mode, (before + after) / 2))


def draw_as_keras(initializer: Any, shape: Sequence[int], generator: np.random.Generator) -> np.ndarray | None:
    """Return what an initialiser of Keras gives, drawn from numpy; None for what only Keras, or its author, can draw.

    Args:
        initializer: a `keras.initializers.Initializer`.
        shape: shape of the whole kernel.
        generator: the source of all randomness, so that no backend of Keras changes a draw.

    Returns:
        float32 of that shape.

    Source: keras.initializers of Keras 3.15; for orthogonal ones Saxe et al., arXiv 1312.6120, by the QR decomposition of a
        normal matrix, whose signs are made positive so that all orthogonal matrices are equally likely.
    """
    law = law_of(initializer, shape)
    if law is not None:
        return law.draw(generator, shape)
    if not is_keras_own(initializer):
        return None
    kind = type(initializer).__name__
    if kind in ("Orthogonal", "OrthogonalInitializer"):
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
        q *= np.where(np.diag(r) < 0, -1, 1)
        return np.asarray(float(initializer.gain) * (q.T if rows < columns else q), np.float32).reshape(shape)
    if kind in ("Identity", "IdentityInitializer") and len(shape) == 2:
        return np.asarray(float(initializer.gain) * np.eye(shape[0], shape[1]), np.float32)
    constant = {"Zeros": 0.0, "Ones": 1.0, "Constant": getattr(initializer, "value", None)}.get(kind)
    return None if constant is None else np.full(shape, constant, np.float32)
