"""Texts of a redacted report: sentences without what they quote of errors, and the provenance without names."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import Any

from reportgen.messages import Message, say, without_names
from reportgen.options import DEFAULTS, PREFIX, Option, ReportOptions, options_of
from reportgen.results import Provenance
from reportgen.samples import NO_LABELS

STATEMENT = say(
    "Removed by --redact: pictures of samples and of what was computed from them, all names, titles and notes, and "
    "what single samples are. The numbers are those of the full report."
)
TITLE = say("Redacted model report")
COMPARISON_TITLE = say("Redacted comparison")
_NOT_RUN = say("The model could not run, so only its weights are shown; --redact hides the reason.")
WITHHELD = say("left out by --redact")

CONFIG = "CONFIG"
"""Stands for the name of the file of settings."""

_MODEL = "MODEL"
_CALL = "reportgen.build_report(model, …)"
_CALL_OF_TWO = "reportgen.build_comparison(base, new, …)"
_QUOTED = ("error", "received")  # what messages call the text of an error
_RECEIVED = re.compile(r"Received: .*", re.DOTALL)
_MODULE = re.compile(r"Module .* was imported(?P<digest>, SHA-256 \w+…)?\.")


def unquoted(text: str, not_run: str) -> str:
    """Return a text without what it quotes of an error, which may name files."""
    if text and text == not_run:
        return _NOT_RUN
    if isinstance(text, Message):
        return without_names(text, WITHHELD) if _quotes_an_error(text) else text
    return _RECEIVED.sub(f"Received: {WITHHELD}.", text)


def _quotes_an_error(message: Message) -> bool:
    return "Received: " in message or any(
        name in _QUOTED or (isinstance(value, Message) and _quotes_an_error(value))
        for name, value in message.values.items()
    )


def redacted_provenance(provenance: Provenance) -> Provenance:
    """Return a provenance without names of files, title and note, with the sentence that says so."""
    file_name = provenance.file_name
    return replace(
        provenance,
        file_name=None if file_name is None else _MODEL,
        title=TITLE,
        note="",
        options={name: _option(name, value) for name, value in provenance.options.items()},
        command=redacted_command(provenance.command),
        rewrites=tuple(unquoted(one, "") for one in provenance.rewrites),
        custom_code=tuple(map(_custom_code, provenance.custom_code)),
        not_run=_NOT_RUN if provenance.not_run else "",
        redaction=STATEMENT,
        set_by={name: origin if origin.startswith(PREFIX) else CONFIG for name, origin in provenance.set_by.items()},
    )


def _option(name: str, value: Any) -> Any:
    """Return an option, or what was given beside the model, without what it tells."""
    asked = _asked(name)
    if value is None or (asked and asked.is_public):
        return value
    if asked and asked.text == "private":
        return getattr(DEFAULTS, name)
    return tuple(_placeholder(name, one) for one in value) if isinstance(value, tuple) else _placeholder(name, value)


def _asked(name: str) -> Option | None:
    """Return the option of that name, as the command line or Python writes it; None for an input such as samples."""
    return options_of(ReportOptions).get(name.replace("-", "_"))


def _placeholder(name: str, value: Any) -> str:
    """Return what stands for the name of a file; the name of the model's input before samples stays."""
    if name == "labels" and value == NO_LABELS:
        return NO_LABELS
    stands_for = name.replace("-", "_").upper()
    port = str(value).rpartition("=")[0].partition("=")[0] if name == "samples" else ""
    return f"{port}={stands_for}" if port and not port.startswith("./") else stands_for


def redacted_command(command: str) -> str:
    """Return a command line without names of files, title and note; of a call from Python its name alone.

    Args:
        command: a command line, as `reproducing_command` returns it.
    """
    words = shlex.split(command)
    if words[0] != "reportgen":
        return _CALL_OF_TWO if "build_comparison(" in command else _CALL
    models = {"build": 1, "compare": 2}.get(words[1], 0)
    kept = words[:2]
    rest = iter(words[2:])
    for word in rest:
        name = word.removeprefix("--")
        asked = _asked(name)
        if len(kept) < 2 + models:
            kept.append(_MODEL)
        elif asked and asked.type is bool:
            kept.append(word)
        elif asked and asked.is_public:
            kept += [word, next(rest)]
        else:
            value = next(rest)
            kept += [] if asked and asked.text == "private" else [word, _placeholder(name, value)]
    return shlex.join(kept)


def _custom_code(sentence: str) -> str:
    module = _MODULE.fullmatch(sentence)
    return say("A module was imported{digest}.", digest=module["digest"] or "") if module else unquoted(sentence, "")
