"""What is said of a training, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.results import Kept, Lines, redactable


@redactable
@dataclass(frozen=True)
class MetricCurve:
    """One loss or metric by epoch.

    Attributes:
        name: what Keras calls it, such as 'loss' or 'accuracy'.
        curve: its values on training and, where there are some, on validation data.
        last, validation_last: its last values; None where there are none.
        best_epoch, best: where the validation value is best, or without one the training value, and that value: the smallest of a
            loss or an error, otherwise the largest.
        on_validation: whether that is of validation data.
    """

    name: Kept[str]
    curve: Lines
    last: float | None
    validation_last: float | None
    best_epoch: int
    best: float
    on_validation: bool


@redactable
@dataclass(frozen=True)
class TrainingResult:
    """How the model was compiled and trained.

    Attributes:
        optimizer: the optimiser's class; '' where it is not known.
        learning_rate: as it was last; None where it is not known.
        schedule: the class of what changes it; '' for none.
        loss: names of the losses; '' where they are not known.
        metrics: names of the metrics.
        steps: how often the optimiser stepped since the model was compiled; None where that is not known.
        compiled: whether anything is known of all that.
        epochs: number of epochs in the history; 0 without one.
        last_epoch: the number of the last one.
        curves: what the history holds, losses first.
        further: names of what it holds beyond these.
    """

    optimizer: Kept[str] = ""
    learning_rate: float | None = None
    schedule: Kept[str] = ""
    loss: Kept[str] = ""
    metrics: Kept[tuple[str, ...]] = ()
    steps: int | None = None
    compiled: bool = False
    epochs: int = 0
    last_epoch: int = 0
    curves: tuple[MetricCurve, ...] = ()
    further: Kept[tuple[str, ...]] = ()
