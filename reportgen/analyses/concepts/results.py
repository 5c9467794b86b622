"""What is told of a sample on its way through the network, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.measures.intervals import Rate
from reportgen.results import ImageGrid, redactable

_MOST_PICTURES = 24  # samples times depths
_LANDMARKS = 4  # depths named in one line


@dataclass(frozen=True)
class StrongestMaps:
    """The channels of one layer that one sample excites most.

    Attributes:
        channels: their indices, the one with the largest value first.
        maps: their maps.
        patches: for each map the patches of all evaluated samples that excite its channel most, `per_channel` in turn; None
            where the layer cannot be traced back to pixels.
    """

    channels: tuple[int, ...]
    maps: ImageGrid
    patches: ImageGrid | None


@redactable
@dataclass(frozen=True)
class Ahead:
    """The later depth that gets most samples right.

    Attributes:
        name: name of the call.
        gained: samples that it gets right and the depth before it does not.
        lost: samples that the depth before it gets right and it does not.
    """

    name: str
    gained: int
    lost: int


@redactable
@dataclass(frozen=True)
class AgainstUntrained:
    """One way to tell the classes at one depth, trained and not.

    Attributes:
        trained: how often it is right on what the trained network makes of the samples.
        untrained: the same of the best untrained one.
        gained: samples that are right with training alone.
        lost: samples that are right without training alone.
    """

    trained: Rate
    untrained: Rate
    gained: int
    lost: int


@redactable
@dataclass(frozen=True)
class Untrained:
    """One depth of the network beside the same depth of fresh draws of it.

    Attributes:
        draws: number of these.
        majority: share of the most frequent class, in [0, 1]: what labels that belong to other samples give at the most.
        centroid, probe: by the nearest class mean and by the linear probe.
    """

    draws: int
    majority: float
    centroid: AgainstUntrained
    probe: AgainstUntrained


@redactable
@dataclass(frozen=True)
class Separation:
    """How well the classes separate at one depth, maps averaged over 4 x 4 parts.

    Attributes:
        name: name of the call; '' for the pixels.
        features: values of a sample that vary.
        centroid: how often a sample lies nearest to its own class's mean, held out.
        probe: how often a linear probe gets a sample right that it was not fitted on.
        rank: directions that the samples fill, from 1 to one less than their number.
        similarity: linear CKA with the depth before, in [0, 1]; None for the first.
        after_by_centroid, after_by_probe: the best later depth by either; None for the last.
        untrained: the same depth before training; None for the pixels and where that was not run.
    """

    name: str
    features: int
    centroid: Rate
    probe: Rate
    rank: float
    similarity: float | None
    after_by_centroid: Ahead | None
    after_by_probe: Ahead | None
    untrained: Untrained | None = None


@dataclass(frozen=True)
class Depth:
    """One layer on the way.

    Attributes:
        name: name of the call whose output is shown.
        activation: the activation that it went through, as Keras names it; 'linear' for none.
        field: input pixels along each axis that one value depends on; None where that is not known.
        channels: number of channels.
        active: mean share of the channels with a value above zero, over the shown samples, in [0, 1]; None where values are
            not cut off at zero, so that nothing is silent.
        samples: the strongest maps of each shown sample.
        per_channel: patches of a channel.
    """

    name: str
    activation: str
    field: tuple[int, ...] | None
    channels: int
    active: float | None
    samples: tuple[StrongestMaps, ...]
    per_channel: int


@dataclass(frozen=True)
class Score:
    """One class and the model's score for it, in [0, 1]; `label` tells whether it is the sample's."""

    name: str
    value: float
    label: bool


@dataclass(frozen=True)
class Ending:
    """What the model says of one sample.

    Attributes:
        index: the sample's number in the source.
        label: name of its class, or None without labels.
        picture: the sample as a grid of one tile, or None for what is no picture.
        scores: the highest scores, falling; empty where the output is not one score for each class.
        values: the output itself where there are no scores and it is short; None elsewhere.
        target: what the output should be, where that is known and short; None elsewhere.
    """

    index: int
    label: str | None
    picture: ImageGrid | None
    scores: tuple[Score, ...]
    values: tuple[float, ...] | None
    target: tuple[float, ...] | None


def followed_samples(depths: int) -> int:
    """Return how many samples are followed at most through so many depths: 24 pictures, of some 4 kB beside their pixels."""
    return max(1, _MOST_PICTURES // depths)


@dataclass(frozen=True)
class ConceptsResult:
    """The way of the shown samples, or of the first of them: each is a picture at each depth.

    Attributes:
        depths: layers from the input to the output.
        endings: what the model says of each sample that is followed.
        separations: how well the classes separate by the pixels and at up to 16 depths; empty where that cannot be told.
        input_size: sizes of a sample, without its channels.
    """

    depths: tuple[Depth, ...]
    endings: tuple[Ending, ...]
    separations: tuple[Separation, ...]
    input_size: tuple[int, ...]

    @property
    def full(self) -> bool:
        """Whether as many samples are followed as there is room for, so that others may be left out."""
        return len(self.endings) >= followed_samples(len(self.depths))

    @property
    def patched(self) -> bool:
        """Whether patches stand under some maps."""
        return any(one.patches is not None for depth in self.depths for one in depth.samples)

    @property
    def clearer(self) -> bool | None:
        """Whether classes separate better at the deepest layer than by pixels; None where intervals overlap or are unknown."""
        if len(self.separations) < 2 or self.separations[0].name:
            return None
        pixels, last = self.separations[0].centroid, self.separations[-1].centroid
        if last.low <= pixels.high and pixels.low <= last.high:
            return None
        return last.value > pixels.value

    @property
    def landmarks(self) -> tuple[Separation, ...]:
        """At most four of the depths at which separation is known, evenly spread, the first and the last among them."""
        last = len(self.separations) - 1
        places = sorted({round(last * step / (_LANDMARKS - 1)) for step in range(_LANDMARKS)})
        return tuple(self.separations[place] for place in places if last >= 0)
