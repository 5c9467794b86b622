"""Labels as a type: one class, a number or a set of classes for each sample, made once of what was given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import joined, say
from reportgen.samples.class_names import ClassNames
from reportgen.samples.files import exists, shown_name
from reportgen.samples.label_order import labels_in_order
from reportgen.samples.resizing import Resize
from reportgen.untrusted.limits import HALF_OF_MEMORY

NO_LABELS = "none"
LABELS_LEFT_OUT = say("Labels found with the samples were ignored (--labels none).")
_HIGHEST_LABEL = 2**31 - 1
_PICTURE_AXES = (3, 4)  # of the outputs of images and of volumes
_SEQUENCE_AXES = 2
_MOST_OF_A_BYTE = 256
_USUAL_VOID = 255
VOID = -1
"""The class of pixels that have none: no measure counts them."""

_Kind = TypeVar("_Kind", bound="_Compared")


@dataclass(frozen=True)
class _Compared:
    """Labels that predictions can be compared with.

    Attributes:
        values: (N, ...), in the order of the samples.
        notes: where the labels come from and how they were understood, one sentence each.
    """

    values: np.ndarray
    notes: tuple[str, ...] = ()

    def take(self: _Kind, positions: Sequence[int] | np.ndarray | slice) -> _Kind:
        """Return the labels of some samples, in the order asked for."""
        chosen = positions if isinstance(positions, slice) else np.asarray(positions, np.intp)
        return replace(self, values=self.values[chosen])


@dataclass(frozen=True)
class ClassLabels(_Compared):
    """One class for each sample: `values` is (N,) int64, the position of the class among the model's outputs."""


@dataclass(frozen=True)
class Targets(_Compared):
    """What the output should be for each sample: `values` is (N,) float64 of a single output, (N, M) of M of them."""


@dataclass(frozen=True)
class PictureTargets(_Compared):
    """What an output that is an image or a volume should be for each sample.

    `values` is (N, [D,] H, W) of whole numbers, the class of each pixel or `VOID`, where `classes` is the number of classes; else
    `classes` is 0 and they are (N, [D,] H, W, C) float32.
    """

    classes: int = 0


@dataclass(frozen=True)
class LabelSets(_Compared):
    """Any number of classes for each sample: `values` is (N, K) bool, a column for each class."""


@dataclass(frozen=True)
class Unused:
    """Labels that were given and cannot be compared with predictions.

    Attributes:
        reason: why, one sentence.
    """

    reason: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What the page says of them."""
        return (self.reason,)


Classes = ClassLabels | LabelSets
"""Labels that name classes. The names of the classes are not theirs: they name the outputs of a model without labels too."""

Labels = Classes | Targets | PictureTargets | Unused
"""Labels of samples; None stands for samples that have none."""


def classes_of(labels: Labels | None) -> Classes | None:
    """Return labels that name classes, and None for all others."""
    return labels if isinstance(labels, ClassLabels | LabelSets) else None


def targets_of(labels: Labels | None) -> np.ndarray | None:
    """Return what outputs that are numbers or images should be, (N, ...) as they are; None for all other labels."""
    if isinstance(labels, Targets) or (isinstance(labels, PictureTargets) and not labels.classes):
        return labels.values
    return None


RowsOfClasses = Literal["none", "several", "all"]
"""Which rows of 0 and 1 name any number of classes: none, those of a source whose rows are not all one-hot, or all."""


@dataclass(frozen=True, kw_only=True)
class Accepts:
    """What samples and labels may be, as the model and the options allow.

    Attributes:
        input_shape: the model's, without the batch axis, such as (28, 28, 1); None for a free size. None in its place
            where the model was never built: then arrays of any shape fit, and images do not.
        targets: whether labels may be any numbers, as for a model with a single output.
        vectors: whether rows of numbers may be what several outputs should be.
        output_shape: shape of one prediction, None for a free size; None in its place where it is not known.
        label_sets: which rows of 0 and 1 name any number of classes.
        resize: what is done with images of other sizes.
        ignore_label: value of the pixels of masks that have no class; None for 255 where no class has that number.
        skip_bad: whether images that cannot be read are left out instead of being an error.
        memory_limit: bytes that an array may take.
    """

    input_shape: tuple[int | None, ...] | None
    targets: bool = False
    vectors: bool = False
    output_shape: tuple[int | None, ...] | None = None
    label_sets: RowsOfClasses = "none"
    resize: Resize = "auto"
    ignore_label: int | None = None
    skip_bad: bool = False
    memory_limit: int = HALF_OF_MEMORY


@dataclass(frozen=True)
class GivenLabels:
    """Labels as they were found.

    Attributes:
        values: any shape: integers, whole floats, one-hot rows, or text (class names, or numbers in a text file).
        origin: where they come from, for messages and notes: 'labels.csv', 'array y_test beside x_test'.
        names: a name for each label, where a column of them stands before the labels; the first may be a heading.
        read: returns labels that are image files, by what the model allows and the names of the samples' files; None for others,
            which are `values`.
        added: (N, height, width) bool, the pixels of masks that resizing added, which have no class; None for none.
    """

    values: np.ndarray
    origin: str
    names: tuple[str, ...] | None = None
    read: Callable[[Accepts, Sequence[str] | None], GivenLabels] | None = None
    added: np.ndarray | None = None


def are_left_out(labels: object) -> bool:
    """Return whether --labels asks that samples are taken without labels; a file called 'none' comes first."""
    return isinstance(labels, str) and labels == NO_LABELS and not exists(Path(labels))


def understand(
    given: GivenLabels,
    accepts: Accepts,
    *,
    count: int,
    class_names: ClassNames | None = None,
    file_names: Sequence[str] | None = None,
) -> Labels:
    """Return what the labels of `count` samples say, in the order of the samples.

    Args:
        given: labels as found. One-hot rows, a column and whole floats are accepted.
        accepts: what the model allows.
        count: number of samples.
        class_names: in the model's order; labels may be these names.
        file_names: names of the samples' files, relative to their folder, 'a.png' or 'class/a.png'; None for other samples.

    Raises:
        SamplesError: another number of labels, not whole numbers, unknown names, or out of range.

    Example:
        >>> understand(GivenLabels(np.array([[0, 1], [1, 0]]), "y"), Accepts(input_shape=None), count=2).values.tolist()
        [1, 0]
    """
    masks = given.read is not None
    given = given if given.read is None else given.read(accepts, file_names)
    if (pictures := _picture_targets(given, accepts, count=count)) is not None:
        return pictures
    if masks:
        raise _no_masks(given, accepts)
    if reason := _reason_against(given, accepts, count=count):
        return Unused(reason)
    if given.names is not None:
        values, origin = labels_in_order(given.values, given.names, file_names, count=count, origin=given.origin)
        given = replace(given, values=values, origin=origin, names=None)
    if (sets := _label_sets(given, count=count, accepted=accepts.label_sets)) is not None:
        note = say(
            "Labels: {origin}. Each row of 0 and 1 was taken as its sample's classes: {mean:.3g} of {classes} on "
            "average.",
            origin=given.origin,
            mean=float(sets.sum(axis=1).mean()),
            classes=sets.shape[1],
        )
        return LabelSets(sets, (note,))
    if accepts.vectors and (vectors := _vectors(given, count=count, accepts=accepts)) is not None:
        note = say(
            "Labels: {origin}. Each row was taken as the target values of the {outputs} outputs.",
            origin=given.origin,
            outputs=vectors.shape[1],
        )
        return Targets(vectors, (note,))
    if accepts.targets and (targets := _targets(given, count=count)) is not None:
        note = say(
            "Labels: {origin}. They are not class numbers, so they were taken as target values.",
            origin=given.origin,
        )
        return Targets(targets, (note,))
    return _class_labels(given, count=count, class_names=class_names)


def labels_of_kept(given: GivenLabels, files: Sequence[tuple[int, Sequence[int]]]) -> GivenLabels:
    """Return the labels of the samples that could be read, of labels given for all files of several sources.

    Args:
        given: labels as found; those beside names, by which they are matched, and others than one for each file stay as they are.
        files: each source's number of files, and the places of those that could be read, in the order of the labels.
    """
    total, count = sum(listed for listed, _ in files), sum(len(kept) for _, kept in files)
    heading = len(given.values) - total if given.values.dtype.kind == "U" else 0
    if given.names is not None or total == count or heading not in (0, 1) or len(given.values) != total + heading:
        return given
    starts = np.cumsum([heading, *(listed for listed, _ in files)])
    places = [start + place for start, (_, kept) in zip(starts, files, strict=False) for place in kept]
    return replace(given, values=given.values[[*range(heading), *places]])


def joined_labels(parts: Sequence[Labels | None]) -> Labels | None:
    """Return the labels of several sources as one, the sources in order; they must all be of one kind.

    Args:
        parts: at least one. Where the first is None or `Unused`, it stands for all.
    """
    first = parts[0]
    if first is None or isinstance(first, Unused):
        return first
    known = [part for part in parts if isinstance(part, type(first))]
    notes = dict.fromkeys(note for part in known for note in part.notes)
    return replace(first, values=np.concatenate([part.values for part in known]), notes=tuple(notes))


def kind_of_labels(labels: Labels | None) -> str:
    """Return which kind of labels samples have, for messages: 'one class for each sample', '3 classes in rows', 'no labels'."""
    match labels:
        case ClassLabels():
            return "one class for each sample"
        case LabelSets():
            return f"{labels.values.shape[1]} classes in rows"
        case Targets():
            return "one number for each sample"
        case PictureTargets():
            return "one image for each sample"
        case _:
            return "no labels"


def _class_labels(given: GivenLabels, *, count: int, class_names: ClassNames | None) -> ClassLabels:
    values = given.values
    notes: tuple[str, ...] = (say("Labels: {origin}.", origin=given.origin),)
    if values.dtype.kind == "U":
        values, heading = _without_heading(values, count)
        notes += (say("The first line, {line}, was taken as a header.", line=repr(heading)),) if heading else ()
    if values.ndim == 0 or len(values) != count:
        received = "a single value" if values.ndim == 0 else f"{len(values)} in {given.origin}"
        raise SamplesError(f"labels must be as many as the samples, {count}. Received: {received}. Give one for each.")
    if values.dtype.kind == "U":
        values = _from_text(values.reshape(count, -1), class_names, given.origin)
    if values.dtype.kind not in "buif":
        raise SamplesError(
            f"labels must be whole numbers. Received: dtype {values.dtype} in {given.origin}. "
            "Give integers, one-hot rows or class names."
        )
    if values.ndim == 2 and values.shape[1] > 1:
        values = _from_one_hot(values, given.origin)
        notes += (say("One-hot rows were taken as labels."),)
    if values.size != count:
        raise SamplesError(
            f"labels must be one for each sample or one-hot rows. Received: shape {values.shape} in {given.origin}. "
            "Give a flat list."
        )
    flat = _whole_numbers(values.reshape(count), given.origin)
    _check_range(flat, classes=None if class_names is None else len(class_names))
    return ClassLabels(flat, notes)


def _reason_against(given: GivenLabels, accepts: Accepts, *, count: int) -> str:
    """Return why labels cannot be compared with predictions though they are as many as the samples; '' where they can."""
    shape, output = given.values.shape, accepts.output_shape or ()
    if len(output) == _SEQUENCE_AXES and len(shape) in (2, 3) and shape[0] == count and shape[1] > 1:
        steps, last = output[0], shape[2:] or (1,)
        if steps in (None, shape[1]) and last in ((1,), output[1:]):
            return say("The labels are of each step of a sequence, which are not compared, so they were not used.")
    if len(shape) < 3 or shape[0] != count or math.prod(shape) == count:
        return ""
    sizes = [say("{size:d}", size=size) for size in shape]  # numbers, which a redacted report keeps
    return say(
        "The labels have the shape ({shape}). Only one class, one number or one row of classes per sample can be "
        "compared, so they were not used.",
        shape=joined(sizes),
    )


def _picture_targets(given: GivenLabels, accepts: Accepts, *, count: int) -> PictureTargets | None:
    """Return labels that are images, volumes or masks of the output's size; None for all others.

    Whole numbers below the number of channels are the class of each pixel; for a single channel so are 0 and 1, for one and two
    also 0 and 255.
    """
    values, output = given.values, accepts.output_shape
    axes = 0 if output is None else len(output)
    if output is None or axes not in _PICTURE_AXES or values.ndim < axes or values.dtype.kind not in "buif":
        return None
    fits = all(size in (None, has) for size, has in zip(output[:-1], values.shape[1:axes], strict=True))
    depth, channels = values.shape[axes] if values.ndim > axes else 1, output[-1]
    if len(values) != count or values.ndim > axes + 1 or not fits or depth not in (1, channels):
        return None
    values = values.reshape(*values.shape[:axes], depth)
    if depth > 1 and ((values == 0) | (values == 1)).all() and (values.sum(axis=-1) == 1).all():
        values = values.argmax(axis=-1)[..., None]
        depth = 1
    if depth == 1 and (found := _masks(values[..., 0], channels or 1, accepts.ignore_label)) is not None:
        masks, ignored = found
        notes = (
            say("Labels: {origin}. They were taken as the class of each pixel.", origin=given.origin),
            *_ignored(masks, ignored),
        )
        if given.added is not None and given.added.any():
            share = float(given.added.mean())
            notes = (*notes, say("{share:.1%} of the pixels are padding: left out of every measure.", share=share))
            masks = np.where(given.added, VOID, masks.astype(np.promote_types(masks.dtype, np.int16)))
        return PictureTargets(masks, notes, max(channels or 1, 2))
    if depth != channels or accepts.ignore_label is not None:
        return None
    note = say("Labels: {origin}. They were taken as target images.", origin=given.origin)
    if values.dtype == np.uint8:
        values = values.astype(np.float32) / 255
        note = say(
            "Labels: {origin}. They were divided by 255 and taken as target images.",
            origin=given.origin,
        )
    return PictureTargets(values.astype(np.float32), (note,))


def _ignored(masks: np.ndarray, value: int | None) -> tuple[str, ...]:
    """Return what is said of the pixels without a class; nothing where none was looked for."""
    if value is None:
        return ()
    share = float((masks == VOID).mean())
    return (
        say(
            "{share:.1%} of the pixels have the value {value:d}: no class, left out of every measure.",
            share=share,
            value=value,
        ),
    )


def _no_masks(given: GivenLabels, accepts: Accepts) -> SamplesError:
    """Return the error for masks whose values are no classes of the output."""
    channels = (accepts.output_shape or (None,))[-1] or 1
    allowed = f"0 to {channels - 1}" if channels > 2 else "0 and 1, or 0 and 255"
    return SamplesError(
        f"--labels: the class of each pixel must be {allowed}, as the output has {channels} channels. Received: "
        f"{given.values.min()} to {given.values.max()} in {given.origin}. Number the classes as the output does, or give "
        "--ignore-label the value of pixels without a class."
    )


def _masks(values: np.ndarray, channels: int, ignore: int | None) -> tuple[np.ndarray, int | None] | None:
    """Return (N, ...) values as classes of pixels and the value of those without a class, None where none was looked for.

    None instead of both where some values are no class of an output with so many channels.
    """
    classes = max(channels, 2)
    if ignore is None and channels <= 2 and ((values == 0) | (values == 255)).all():
        return np.asarray(values > 0, dtype=np.uint8), None
    value = _USUAL_VOID if ignore is None and classes <= _USUAL_VOID else ignore
    void = np.zeros(values.shape, bool) if value is None else values == value
    whole = void | ((values >= 0) & (values < classes) & (values == np.floor(values)))
    if not whole.all() or void.all():
        return None
    if ignore is None and not void.any():
        return values.astype(np.uint8 if channels <= _MOST_OF_A_BYTE else np.int64), None
    masks = values.astype(np.int16 if classes < 2**15 else np.int64)
    masks[void] = VOID
    return masks, value


def _vectors(given: GivenLabels, *, count: int, accepts: Accepts) -> np.ndarray | None:
    """Return rows of numbers, as many as the model has outputs, as (count, M) float64; None for all others, as one-hot rows.

    Behind a sigmoid, where all rows of 0 and 1 are sets of classes, numbers that it never gives are none of its targets.
    """
    values, output = given.values, accepts.output_shape
    rows = values.ndim == 2 and len(values) == count and values.dtype.kind in "iuf"
    if not rows or output is None or values.shape[1:] != output or values.shape[1] == 1:
        return None
    one_hot = ((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all()
    beyond = accepts.label_sets == "all" and bool(((values < 0) | (values > 1)).any())
    return None if one_hot or beyond or not np.isfinite(values).all() else values.astype(np.float64)


def _targets(given: GivenLabels, *, count: int) -> np.ndarray | None:
    """Return labels that are numbers but no class numbers, as (count,) float64; None for all others.

    For models with a single output that need not be a probability: a fraction or a negative number makes them targets.
    """
    values: np.ndarray | None = given.values
    if given.values.dtype.kind == "U":
        values = _numbers(_without_heading(given.values, count)[0])
    if values is None or values.dtype.kind not in "iuf" or values.shape not in ((count,), (count, 1)):
        return None
    targets = values.reshape(count).astype(np.float64)
    classes = (targets == np.floor(targets)) & (targets >= 0)
    return None if classes.all() or not np.isfinite(targets).all() else targets


def _label_sets(given: GivenLabels, *, count: int, accepted: RowsOfClasses) -> np.ndarray | None:
    """Return rows of 0 and 1 as (count, K) bool, K at least 2: the classes of each sample. None for all other labels."""
    values = given.values
    rows = values.ndim == 2 and len(values) == count and values.shape[1] > 1 and values.dtype.kind in "buif"
    if accepted == "none" or not rows or not ((values == 0) | (values == 1)).all():
        return None
    sets = values == 1
    return None if accepted == "several" and (sets.sum(axis=1) == 1).all() else sets


def _check_range(labels: np.ndarray, *, classes: int | None) -> None:
    """Raise SamplesError unless all labels lie in 0 to `classes` - 1; without a number of classes, unless none is negative."""
    highest = _HIGHEST_LABEL if classes is None else classes - 1
    wrong = np.flatnonzero((labels < 0) | (labels > highest))
    if len(wrong):
        allowed = "0 or more" if classes is None else f"0 to {highest}, for {classes} class names"
        raise SamplesError(
            f"labels must be {allowed}. Received: {labels[wrong[0]]} for sample {wrong[0]}. "
            "Check that the labels belong to this model."
        )


def _without_heading(values: np.ndarray, count: int) -> tuple[np.ndarray, str | None]:
    """Return text labels without a first line that cannot be a label: one line too many, numbers below it alone."""
    if values.ndim == 1 and len(values) == count + 1 and _numbers(values[:1]) is None:
        below = _numbers(values[1:])
        if below is not None:
            return below, shown_name(str(values[0]))
    return values, None


def _numbers(values: np.ndarray) -> np.ndarray | None:
    """Return text as float64, or None when some of it is no number."""
    try:
        return values.astype(np.float64)
    except ValueError:
        return None


def _from_text(values: np.ndarray, class_names: ClassNames | None, origin: str) -> np.ndarray:
    """Return (N, C) text as numbers, or as positions among the class names."""
    numbers = _numbers(values)
    if numbers is not None:
        return numbers
    if class_names is None:
        raise SamplesError(
            f"labels that are names need the class names in the model's order. Received: "
            f"{shown_name(str(values.flat[0]))!r} in {origin}. Give --class-names (class_names in Python)."
        )
    positions = np.empty(values.shape, np.int64)
    known: dict[str, int | None] = {}
    for place, name in np.ndenumerate(values):
        written = str(name)
        if written not in known:
            known[written] = class_names.position(written)
        position = known[written]
        if position is None:
            problem = "more than one class has this name" if class_names.several(written) else "it is no class name"
            raise SamplesError(
                f"label {shown_name(written)!r} for sample {place[0]} cannot be used: {problem}. "
                f"Received: {origin}. Use one of the {len(class_names)} class names, or numbers."
            )
        positions[place] = position
    return positions


def _from_one_hot(values: np.ndarray, origin: str) -> np.ndarray:
    """Return the position of the single 1 of each row of (N, C)."""
    one_hot = ((values == 0) | (values == 1)).all(axis=1) & ((values == 1).sum(axis=1) == 1)
    if not one_hot.all():
        row = int(np.flatnonzero(~one_hot)[0])
        raise SamplesError(
            f"labels of shape {values.shape} must be one-hot: a single 1 in each row. "
            f"Received: row {row} of {origin} is not. Give class numbers instead; rows that name several classes need a "
            "model with an independent score for each class, as of a sigmoid."
        )
    positions: np.ndarray = np.argmax(values, axis=1)
    return positions


def _whole_numbers(values: np.ndarray, origin: str) -> np.ndarray:
    """Return (N,) values as int64."""
    floats = values.astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(floats) | (floats != np.floor(floats)) | (np.abs(floats) > _HIGHEST_LABEL))
    if len(wrong):
        raise SamplesError(
            f"labels must be whole numbers. Received: {values[wrong[0]]} for sample {wrong[0]} in {origin}. "
            "Give class numbers from 0 on."
        )
    return values.astype(np.int64)
