"""Analyses from elsewhere: of packages, by the entry-point group `reportgen.analyses`, and of `build_report(extra=…)`.

docs/plugins.md explains both.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Literal

from reportgen.analyses.base import Analysis
from reportgen.errors import UsageError
from reportgen.messages import say
from reportgen.results import GENERIC_TEMPLATE, Rule, SkippedSection
from reportgen.rules.own_rules import PLUGIN_GROUP
from reportgen.untrusted.escaping import REASON_LIMIT, shown

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PAGES_OWN = {"summary", "findings", "inconclusive", "provenance", "main", "report_data"}  # ids of the page around
_FOLDERS = re.compile(r"(?<![\w.:/])(?:/[^/\s'\"(),:;]+)+/")


@dataclass(frozen=True)
class Plugin:
    """An analysis from another package, or one that was given to `build_report`.

    Attributes:
        analysis: the object that was offered.
        package: import name of the package whose folder templates/ holds the template; empty for one that was given.
        distribution: name under which the package was installed; empty for one that was given.
        version: the distribution's version.
        template: source of the template of one that was given; empty for a package.
    """

    analysis: Analysis
    package: str = ""
    distribution: str = ""
    version: str = ""
    template: str = ""


@dataclass(frozen=True)
class Plugins:
    """What other packages bring.

    Attributes:
        working: what can be used, in the order of the packages' names.
        broken: a section with the reason for each that cannot be used.
    """

    working: tuple[Plugin, ...] = ()
    broken: tuple[SkippedSection, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the packages that are used, by name."""
        return {plugin.distribution: plugin.version for plugin in self.working if plugin.distribution}


def load_plugins(*, names: set[str], codes: set[str]) -> Plugins:
    """Return the analyses that installed packages bring, in the order of their names.

    Args:
        names: names of analyses that exist already.
        codes: codes of rules that exist already.
    """
    working: list[Plugin] = []
    broken: list[SkippedSection] = []
    taken_names, taken_codes = names | _PAGES_OWN, set(codes)
    entries = metadata.entry_points(group=PLUGIN_GROUP)
    for entry in sorted(entries, key=lambda entry: (_distribution(entry)[0], entry.name)):
        try:
            if _lies_here(entry):
                raise ImportError("its distribution lies in the working folder, from which no code is run")
            plugin = _load(entry, taken_names, taken_codes)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the report is made without the plug-in
            title, distribution = shown(entry.name), _distribution(entry)
            reason = failure(*distribution, "could not be loaded", error)
            broken.append(SkippedSection(f"{distribution[0]}:{entry.name}", title, reason))
        else:
            working.append(plugin)
            taken_names.add(plugin.analysis.name)
            taken_codes.update(rule.code for rule in plugin.analysis.rules)
    return Plugins(tuple(working), tuple(broken))


def given_analyses(extra: Iterable[Any], *, names: set[str], codes: set[str]) -> tuple[Plugin, ...]:
    """Return the analyses that were given to `build_report`, in order.

    Args:
        extra: objects of the shape of plug-ins. Their `template` is a text of Jinja, the path of a file with one, or missing:
            `sections/_generic.html` then shows the result's fields.
        names: names of analyses that exist already.
        codes: codes of rules that exist already.

    Raises:
        UsageError: one has not this shape, or its template cannot be read.
    """
    given: list[Plugin] = []
    taken_names, taken_codes = names | _PAGES_OWN, set(codes)
    for analysis in extra:
        try:
            _check(analysis, taken_names, taken_codes)
            given.append(Plugin(analysis, template=_template_source(getattr(analysis, "template", None))))
        except (ValueError, AttributeError, OSError) as error:
            raise UsageError(
                f"extra must hold analyses, see docs/plugins.md. Received: {type(analysis).__name__}: {error}."
            ) from error
        taken_names.add(analysis.name)
        taken_codes.update(rule.code for rule in analysis.rules)
    return tuple(given)


def _template_source(template: str | Path | None) -> str:
    if isinstance(template, Path):
        return template.read_text(encoding="utf-8")
    return template or GENERIC_TEMPLATE


def failure(
    distribution: str, version: str, what: Literal["could not be loaded", "failed"], error: BaseException
) -> str:
    """Return one sentence on a plug-in that failed, without line breaks and folders, for a page that anybody may read.

    Args:
        distribution, version: the plug-in's; empty for an analysis that was given to `build_report`.
        what: what happened.
        error: the error that it raised.
    """
    # a module that cannot be imported is told with its whole path, which names the user
    received = words_of(error)
    if not distribution:
        return say("The analysis failed. Received: {received}.", received=received)
    values = {"distribution": distribution, "version": version, "received": received}
    if what == "failed":
        return say(
            "The plug-in {distribution} {version} failed. Received: {received}. Update or uninstall it.", **values
        )
    return say(
        "The plug-in {distribution} {version} could not be loaded. Received: {received}. Update or uninstall it.",
        **values,
    )


def words_of(error: BaseException) -> str:
    """Return kind and text of an error on one line, without folders."""
    return without_folders(f"{type(error).__name__}: {error}")


def without_folders(text: str) -> str:
    """Return a text on one line, cut, and without the folders of the files that it names, which name the user."""
    blanks = len(text) - len(text.lstrip())
    line = _FOLDERS.sub("", " ".join(text[: 8 * REASON_LIMIT].split()))
    return " " * blanks + shown(line.rstrip(": ."), limit=REASON_LIMIT)


def _distribution(entry: metadata.EntryPoint) -> tuple[str, str]:
    distribution = entry.dist
    return (distribution.name, distribution.version) if distribution else (say("(unknown package)"), "")


def _lies_here(entry: metadata.EntryPoint) -> bool:
    """Return whether a distribution lies in the working folder itself, where whoever made the folder may have put it."""
    distribution = entry.dist
    place = None if distribution is None else distribution.locate_file("")
    return place is not None and Path(str(place)).resolve() == Path.cwd()


def _load(entry: metadata.EntryPoint, names: set[str], codes: set[str]) -> Plugin:
    analysis = entry.load()
    package = sys.modules[entry.module].__package__ or ""
    _check(analysis, names, codes)
    if not package or not (resources.files(package) / "templates" / f"{analysis.name}.html").is_file():
        raise ValueError(f"there is no template templates/{analysis.name}.html in the package {package!r}")
    return Plugin(analysis, package, *_distribution(entry))


def _check(analysis: Any, names: set[str], codes: set[str]) -> None:
    if isinstance(analysis, type):
        raise ValueError("an analysis must be an object. Received: a class")
    name = analysis.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"name must be a lower-case word. Received: {name!r}")
    if name in names:
        raise ValueError(f"name must be its own. Received: {name!r}, which is taken")
    if not isinstance(analysis.title, str) or not analysis.title.strip():
        raise ValueError(f"title must be a text. Received: {analysis.title!r}")
    for method in ("run", "findings"):
        if not callable(getattr(analysis, method)):
            raise ValueError(f"{method} must be a method")
    own: set[str] = set()
    for rule in analysis.rules:
        if not isinstance(rule, Rule) or not _CODE.fullmatch(rule.code):
            raise ValueError(f"rules must be Rules with a code such as 'dark-samples'. Received: {rule!r}")
        if rule.code in codes | own:
            raise ValueError(f"the code of a rule must be its own. Received: {rule.code!r}, which is taken")
        own.add(rule.code)
