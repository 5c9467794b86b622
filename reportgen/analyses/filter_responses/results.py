"""What is said of what filters respond to, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.models.passes import TOP_SAMPLES
from reportgen.results import ImageGrid, PanelGrid


@dataclass(frozen=True)
class ChannelResponses:
    """The largest answers of one channel.

    Attributes:
        channel: its index.
        values: its largest answers, falling; one for each sample.
        samples: indices in the source.
        places: where each answer is in the map: (row, column), along time (step,), in a volume (depth, row, column).
    """

    channel: int
    values: tuple[float, ...]
    samples: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class LayerResponses:
    """The channels of one layer.

    Attributes:
        name: the call's name.
        field: rows and columns of the input that one answer sees; steps along time, depth first of a volume.
        jump: the same from one answer to the next.
        total: number of channels.
        silent: number of channels that are never above zero, which are not shown.
        kernel_size: the same of the kernel shown in each tile, or None where the layer has none.
        input_channels: number of channels that a kernel reads.
        reduction: factor by which the patches are smaller than what an answer sees.
        beyond: whether some patch reaches beyond the edge of its sample.
        figure: for each channel its kernel and its patches.
        channels: the shown channels, in the order of the tiles.
        maximised: inputs made to excite the first channels most (--maximise), or None.
    """

    name: str
    field: tuple[int, ...]
    jump: tuple[int, ...]
    total: int
    silent: int
    kernel_size: tuple[int, ...] | None
    input_channels: int
    reduction: int
    beyond: bool
    figure: PanelGrid
    channels: tuple[ChannelResponses, ...]
    maximised: ImageGrid | None


@dataclass(frozen=True)
class FilterResponsesResult:
    """The responses of the shown layers.

    Attributes:
        layers: the layers that could be shown.
        left_out: names of those whose answers cannot be traced back to pixels.
        evaluated: number of samples that the model was run on.
        patches: shown for each channel, at most.
        steps: steps of the maximisation, where it was asked for.
        seed: seed of the maximisation.
        not_maximised: why inputs were not made although they were asked for, or not for all channels; '' otherwise.
        searched: number of samples that are searched at the most, the first of them.
    """

    layers: tuple[LayerResponses, ...]
    left_out: tuple[str, ...]
    evaluated: int
    patches: int
    steps: int | None
    seed: int
    not_maximised: str = ""
    searched: int = TOP_SAMPLES
