"""What is said of channels, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reportgen.analyses.channel_activity.idle_channels import (
    CONSTANT_SHARE,
    DORMANT_LEVEL,
    DORMANT_LEVELS,
    SATURATED_SHARE,
)
from reportgen.measures.intervals import never_seen_bound
from reportgen.results import Kept, Strip, redactable

LARGEST_RATE = 0.05
"""A channel counts as idle when it could be active on at most this share of samples: after n idle ones that is 3 / n at 95%
confidence (rule of three, Hanley and Lippman-Hand, JAMA 249 (1983) 1743), so that 60 samples decide. The share is a convention
of reportgen: a channel that answers to one class of twenty, equally frequent, fires on so many."""


def rate_bound(evaluated: int) -> float:
    """Return the share of samples on which a channel may be active that never was so, at 95% confidence (rule of three)."""
    return min(1.0, 3 / evaluated)


def decides(evaluated: int) -> bool:
    """Return whether so many samples are enough to call a channel idle."""
    return rate_bound(evaluated) <= LARGEST_RATE


@redactable
@dataclass(frozen=True)
class LayerActivity:
    """The channels of one call on all evaluated samples.

    Attributes:
        name: the call whose output was looked at.
        source: the call of the convolution or dense layer before it, where the activation is a layer of its own, else None.
        activation: as Keras names it; 'linear' for a convolution that no activation follows.
        kind: 'rectified', 'bounded', 'smooth' or 'linear'.
        channels: number of them.
        silent, dormant, constant, saturated: indices, see `IdleChannels`.
        dormant_counts: channels with a score of at most 0, 0.025 and 0.1, silent ones included.
        zeros: median over the channels of the average percentage of zeros, in [0, 1]; None where the layer is not rectified.
        strip: scores of all channels without NaN or infinite values: mean magnitude over that of the layer.
        non_finite: indices of channels that gave NaN or infinite values; they are none of the others.
        spatial: whether each channel has several values for a sample, as of a convolution.
    """

    name: Kept[str]
    source: Kept[str | None]
    activation: Kept[str]
    kind: Kept[str]
    channels: int
    silent: tuple[int, ...]
    dormant: tuple[int, ...]
    dormant_counts: tuple[int, ...]
    constant: tuple[int, ...]
    saturated: tuple[int, ...]
    zeros: float | None
    strip: Strip
    non_finite: tuple[int, ...] = ()
    spatial: bool = False

    @property
    def dead(self) -> bool:
        """Whether none of its channels ever fired, so that it gives nothing but zeros."""
        return len(self.silent) == self.channels

    @property
    def stuck(self) -> tuple[int, ...]:
        """Indices of constant and saturated channels."""
        return tuple(sorted({*self.constant, *self.saturated}))

    @property
    def idle(self) -> int:
        """Number of channels that are silent, dormant or stuck."""
        return len({*self.silent, *self.dormant, *self.stuck})


@redactable
@dataclass(frozen=True)
class MaskedRun:
    """What setting all silent and dormant channels to zero changes.

    Attributes:
        silent, dormant: numbers of masked channels.
        samples: number of samples that the model was run on again.
        largest_change: largest change of any output of any of these samples.
        accuracy, masked_accuracy: shares in [0, 1] of these samples that are right; None without labels.
    """

    silent: int
    dormant: int
    samples: int
    largest_change: float
    accuracy: float | None
    masked_accuracy: float | None


@redactable
@dataclass(frozen=True)
class ChannelActivityResult:
    """All calls that were looked at, in order.

    Attributes:
        layers: every call.
        masked: None where no channel is silent or dormant, or for the `masked_reason`.
        evaluated: number of samples.
        levels: levels of the dormant counts.
        masked_reason: why there is no run with masked channels although some would be masked; '' otherwise.
        largest_rate: share of samples on which a channel may be active that is called idle.
        seen: classes that the samples are of, or that the model answers where they have no labels; None where neither is known.
        classes: classes that the model knows; likewise.
    """

    layers: tuple[LayerActivity, ...]
    masked: MaskedRun | None
    evaluated: int
    levels: tuple[float, ...] = DORMANT_LEVELS
    masked_reason: Kept[str] = ""
    largest_rate: float = LARGEST_RATE
    seen: int | None = None
    classes: int | None = None
    dormant_level: ClassVar[float] = DORMANT_LEVEL
    constant_share: ClassVar[float] = CONSTANT_SHARE
    saturated_share: ClassVar[float] = SATURATED_SHARE

    @property
    def rate_bound(self) -> float:
        """Share of samples on which a channel may be active that never was so, at 95% confidence."""
        return rate_bound(self.evaluated)

    @property
    def silent_bound(self) -> float:
        """Share of samples on which each channel that was silent on all may fire, at 95% confidence for all of them together."""
        return never_seen_bound(self.evaluated, of=max(1, sum(len(layer.silent) for layer in self.layers)))

    @property
    def decides(self) -> bool:
        """Whether there are enough samples to call a channel idle."""
        return decides(self.evaluated)
