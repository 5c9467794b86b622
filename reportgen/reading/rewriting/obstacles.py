"""What was found on the way through a configuration: what had to be rewritten, and what stands against running it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reportgen.messages import Message, first_of, joined, say
from reportgen.reading.rewriting.permissions import Marshalled, Permitted
from reportgen.untrusted.escaping import shown

SUBJECTS_SHOWN = 5


class ObstacleKind(enum.Enum):
    """Why a model is not run, and the option that would run it, if there is one."""

    CODE = (say("code embedded in the file"), "--allow-custom-code")
    FOREIGN = (say("a program embedded in the file"), None)
    CUSTOM = (say("not part of Keras"), "--custom-objects MODULE")
    NOT_GIVEN = (say("neither in Keras nor in the given modules"), "--custom-objects MODULE")
    UNNAMED = (say("a function whose code is not in the file"), "--activation '<lambda>=NAME'")
    CLUSTERED = (
        say(
            "a clustering wrapper: the stored kernels are those before clustering. Save the model after strip_clustering()"
        ),
        None,
    )
    REMOVED = (say("no longer part of Keras 3"), None)
    OPERATION = (say("without a counterpart in Keras 3"), None)
    OUTSIDE = (say("another file"), None)
    LEFT_OUT = (say("not in the file"), None)
    LAYOUT = (say("a layout that Keras does not write"), None)

    def __init__(self, reason: str, option: str | None) -> None:
        self.reason = reason
        self.option = option


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands against running a model.

    Attributes:
        kind: why.
        path: the layer's path, '' for the model itself.
        name: the class, function or file, as the model file calls it.
    """

    kind: ObstacleKind
    path: str
    name: str

    @property
    def sentence(self) -> str:
        """Such as: "layer 'head/scale': Scale is not part of Keras"; names are escaped."""
        return self.of_layers([self.path])

    def of_layers(self, paths: Sequence[str]) -> str:
        """Return the sentence for all layers, by their paths, that have the same against them."""
        where = say("the model")
        if len(paths) > 1:
            quoted = (f"'{shown(path)}'" for path in paths)
            where = say("layers {paths}", paths=first_of(quoted, SUBJECTS_SHOWN))
        elif paths[0]:
            where = say("layer '{path}'", path=shown(paths[0]))
        name = self.name if isinstance(self.name, Message) else shown(self.name)
        if self.kind is ObstacleKind.OUTSIDE:
            return say("{where} needs {reason}: {name}", where=where, reason=self.kind.reason, name=name)
        return say("{where}: {name} is {reason}", where=where, name=name, reason=self.kind.reason)


def sentences_of(obstacles: Iterable[Obstacle]) -> tuple[str, ...]:
    """Return what stands against running a model, one sentence for all layers that have the same against them."""
    same: dict[tuple[ObstacleKind, str, bool], list[Obstacle]] = {}
    for obstacle in obstacles:
        same.setdefault((obstacle.kind, str(obstacle.name), bool(obstacle.path)), []).append(obstacle)
    return tuple(group[0].of_layers([each.path for each in group]) for group in same.values())


@dataclass
class Notes:
    """Collects rewrites and obstacles while a configuration is walked through.

    Attributes:
        old: whether the file was saved by Keras 1 or 2.
        rewrites: what was rewritten, in order, by the sentence's beginning.
        permitted: what may run beyond Keras' own.
        obstacles: what stands against running it, in the order in which it was met.
        used: what of it will run, one sentence each.
        functions: the file's functions that will run, by the key under which Keras finds them.
    """

    old: bool
    permitted: Permitted = field(default_factory=Permitted)
    rewrites: dict[str, dict[str, None]] = field(default_factory=dict)
    obstacles: dict[Obstacle, None] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    functions: dict[str, Marshalled] = field(default_factory=dict)

    def rewrote(self, what: str, subject: str = "") -> None:
        """Remember a rewriting; one sentence is made of all subjects of the same `what`."""
        subjects = self.rewrites.setdefault(what, {})
        if subject:
            subjects[subject] = None

    def met(self, kind: ObstacleKind, path: str, name: object) -> None:
        """Remember an obstacle."""
        if kind is ObstacleKind.CUSTOM and self.permitted.names:
            kind = ObstacleKind.NOT_GIVEN
        self.obstacles[Obstacle(kind=kind, path=path, name=name if isinstance(name, Message) else str(name)[:1000])] = (
            None
        )

    def ran(self, sentence: str) -> None:
        """Remember something that is not Keras' own and will run."""
        self.used[sentence] = None

    def sentences(self) -> tuple[str, ...]:
        """Return the rewrites, one sentence each."""
        return tuple(_sentence(what, tuple(subjects)) for what, subjects in self.rewrites.items())


def _sentence(what: str, subjects: tuple[str, ...]) -> str:
    if not subjects:
        return joined((what, "."), "")
    listed = first_of(map(shown, subjects), SUBJECTS_SHOWN)
    return say("{what}: {listed}.", what=what, listed=listed)
