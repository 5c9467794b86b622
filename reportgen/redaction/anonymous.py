"""Samples without a name: what a redacted report is made of, so that no text made of names has to be searched for them."""

from __future__ import annotations

from dataclasses import replace

from reportgen.messages import Message, counted, say, without_names
from reportgen.samples import Labels, SampleSource, Unused

SAMPLES = "SAMPLES"
"""Stands for the source's name."""

_NAMELESS = say("(left out)")


def anonymise(source: SampleSource) -> SampleSource:
    """Return the same samples with numbers in place of their names, and of the names of classes and files."""
    classes = None if source.class_names is None else len(source.class_names)
    return replace(
        source,
        names=lambda index: say("sample {index:d}", index=index),
        class_names=None if classes is None else tuple(say("class {number:d}", number=one) for one in range(classes)),
        description=SAMPLES,
        labels=_anonymous_labels(source.labels),
        notes=anonymous_notes(source.notes),
        files=None,
        beside={name: anonymise(other) for name, other in source.beside.items()},
    )


def _anonymous_labels(labels: Labels | None) -> Labels | None:
    """Return the same labels without the names that their notes were filled with."""
    match labels:
        case None:
            return None
        case Unused():
            return Unused(*anonymous_notes(labels.notes))
        case _:
            return replace(labels, notes=anonymous_notes(labels.notes))


def anonymous_notes(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the notes without the names that they were filled with; what is no message may name anything and is counted."""
    said = tuple(without_names(note, _NAMELESS) for note in notes if isinstance(note, Message))
    missing = len(notes) - len(said)
    more = counted(
        missing, "{n} step is left out, as it may name files.", "{n} steps are left out, as they may name files."
    )
    return (*said, more) if missing else said
