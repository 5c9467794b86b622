"""What a reader does with a finding: what is wrong in a few words, why it matters, what to do, and how sure it is."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Certainty(str, enum.Enum):
    """What the findings of a rule rest on."""

    FACT = "fact"
    """Something read from the file or seen in the outputs, such as a NaN."""
    TEST = "test"
    """A statistical test or bound at 95% or more."""
    CHOICE = "choice"
    """A measurement against a limit that is a convention."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What a rule tells a reader beside the numbers of a finding.

    Attributes:
        title: what is wrong, as a heading without a full stop, such as 'Dead units'.
        why: why it matters, one sentence.
        action: what to do about it, one sentence.
        certainty: how sure a finding is.
    """

    title: str = ""
    why: str = ""
    action: str = ""
    certainty: Certainty = Certainty.CHOICE


NO_ADVICE = Advice()
