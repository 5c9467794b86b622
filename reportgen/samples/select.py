"""Which samples the report shows: `--select`, from its text to indices."""

import numbers
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from reportgen.errors import SamplesError, UsageError
from reportgen.samples.files import shown_name
from reportgen.samples.labels import Classes, LabelSets

Kind = Literal["indices", "first", "per-class", "random", "hardest", "easiest"]
ACCEPTED_FORMS = "0,5,7  first:N  per-class:N  random:N  hardest:N  easiest:N"
# Ten digits are more than any index, and int() of thousands of digits is refused by Python with another error
_INDICES = re.compile(r"[0-9]{1,10}(\s*,\s*[0-9]{1,10})*")
_RULE = re.compile(r"(first|per-class|random|hardest|easiest):([0-9]{1,10})")


@dataclass(frozen=True)
class Selection:
    """A rule that chooses samples.

    Attributes:
        kind: the rule's kind.
        count: how many it asks for, with 'per-class' of each class.
        indices: the samples named one by one, with kind 'indices'; each once, in the order given.
        text: the rule as given to --select, or the default one.
        strict: whether too few samples are an error. Not so for the default, which must work on any source.
    """

    kind: Kind
    count: int
    indices: tuple[int, ...] = ()
    text: str = ""
    strict: bool = True

    @property
    def needs_losses(self) -> bool:
        """Whether the model must have been run on all samples before this rule can choose."""
        return self.kind in ("hardest", "easiest")

    @property
    def needs_labels(self) -> bool:
        """Whether the rule is defined only for samples with labels."""
        return self.needs_losses or self.kind == "per-class"


def selection_text(selection: str | Iterable[int] | None) -> str | None:
    """Return a selection as --select writes it; from Python it may also be a sequence of indices.

    Raises:
        UsageError: it is something else.

    Example:
        >>> selection_text([0, 5, 7])
        '0,5,7'
    """
    if selection is None or isinstance(selection, str):
        return selection
    indices = list(selection) if isinstance(selection, Iterable) else []
    if indices and all(isinstance(index, numbers.Integral) and not isinstance(index, bool) for index in indices):
        return ",".join(str(int(index)) for index in indices)
    raise UsageError(
        f"--select must be one of: {ACCEPTED_FORMS} (N at least 1); from Python also a sequence of indices. "
        f"Received: {shown_name(repr(selection))}."
    )


def check_selection(text: str | None) -> None:
    """Raise UsageError when `text` is no selection. For the command line, before anything is loaded."""
    parse_selection(text, labelled=True)


def parse_selection(text: str | None, *, labelled: bool) -> Selection:
    """Return the rule that `text` writes.

    Args:
        text: '0,5,7', 'first:8', 'per-class:1', 'random:8', 'hardest:8' or 'easiest:8'; None for the default,
            'per-class:1' with labels and 'first:8' without. An index that is named twice counts once.
        labelled: whether the samples have labels.

    Raises:
        UsageError: `text` is none of these forms.
    """
    if text is None:
        default: Kind = "per-class" if labelled else "first"
        count = 1 if labelled else 8
        return Selection(default, count, text=f"{default}:{count}", strict=False)
    stripped = text.strip()
    if _INDICES.fullmatch(stripped):
        indices = tuple(dict.fromkeys(int(index) for index in stripped.split(",")))
        return Selection("indices", len(indices), indices, stripped)
    rule = _RULE.fullmatch(stripped)
    if rule is None or int(rule[2]) == 0:
        raise UsageError(f"--select must be one of: {ACCEPTED_FORMS} (N at least 1). Received: {text!r}.")
    return Selection(cast(Kind, rule[1]), int(rule[2]), text=stripped)


def select_samples(
    selection: Selection, *, count: int, labels: Classes | None, losses: np.ndarray | None, seed: int
) -> tuple[int, ...]:
    """Return the indices of the chosen samples, in the order in which they are shown.

    Args:
        selection: the rule.
        count: how many samples there are.
        labels: the class or the classes of each sample; None without labels.
        losses: (count,) float, every sample's; needed when `selection.needs_losses`. NaN counts as unknown, so last.
        seed: decides what 'random' draws.

    Returns:
        As given ('indices'), ascending ('first', 'random'), class by class ('per-class'; a sample of several classes
        stands for each of them and comes once), by falling loss ('hardest') or by rising loss ('easiest'), equal losses by
        index.

    Raises:
        SamplesError: an index is out of range, there are too few samples, or the rule needs labels and there are none.
    """
    if selection.needs_labels and labels is None:
        raise SamplesError(
            f"--select {selection.text} needs labels. Received: samples without labels. "
            "Give them with --labels, or choose first:8 or random:8."
        )
    if selection.kind == "indices":
        return _check_indices(selection, count)
    if selection.kind == "per-class":
        return _first_of_each_class(selection, cast(Classes, labels))
    if selection.strict and selection.count > count:
        raise SamplesError(
            f"--select {selection.text} asks for more samples than there are. Received: {count} samples. "
            f"Use {selection.kind}:{count} or fewer."
        )
    wanted = min(selection.count, count)
    if selection.kind == "first":
        return tuple(range(wanted))
    if selection.kind == "random":
        drawn = np.random.default_rng(seed).choice(count, size=wanted, replace=False)
        return tuple(sorted(drawn.tolist()))
    return tuple(_by_loss(losses, count, falling=selection.kind == "hardest")[:wanted].tolist())


def _check_indices(selection: Selection, count: int) -> tuple[int, ...]:
    for index in selection.indices:
        if index >= count:
            raise SamplesError(
                f"--select {selection.text}: index {index} is out of range. Received: {count} samples. "
                f"Valid are 0 to {count - 1}."
            )
    return selection.indices


def _first_of_each_class(selection: Selection, labels: Classes) -> tuple[int, ...]:
    chosen: list[int] = []
    values, sets = labels.values, isinstance(labels, LabelSets)
    for label in np.flatnonzero(values.any(axis=0)) if sets else np.unique(values):
        members = np.flatnonzero(values[:, label] if sets else values == label)
        if selection.strict and len(members) < selection.count:
            raise SamplesError(
                f"--select {selection.text} asks for more samples than there are. "
                f"Received: {len(members)} of class {label}. Use per-class:{len(members)} or fewer."
            )
        chosen += members[: selection.count].tolist()
    # sets may all be empty: the first samples stand for no class then
    return tuple(dict.fromkeys(chosen)) or tuple(range(min(selection.count, len(values))))


def _by_loss(losses: np.ndarray | None, count: int, *, falling: bool) -> np.ndarray:
    """Return all indices by loss; equal losses by index, NaN last."""
    if losses is None or losses.shape != (count,):
        received = None if losses is None else losses.shape
        raise ValueError(f"losses must have shape ({count},). Received: {received}")
    unknown = np.isnan(losses)
    key = np.where(unknown, 0.0, -losses if falling else losses)
    return np.lexsort((np.arange(count), key, unknown))
