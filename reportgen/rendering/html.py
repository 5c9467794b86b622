"""The page, made of its sections' HTML, and what its templates may call."""

from __future__ import annotations

import base64
import copy
import gzip
import hashlib
import re
import string
from collections import Counter
from functools import lru_cache, partial
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader
from markupsafe import Markup

from reportgen.messages import say
from reportgen.rendering.digest import sealed
from reportgen.rendering.encoding import data_uri
from reportgen.rendering.figures import (
    histogram_outline,
    null_bands_drawing,
    parameter_bars,
    strip_outline,
    strip_threshold,
)
from reportgen.rendering.json import render_comparison_json, render_json
from reportgen.rendering.language import Language, lined_up, open_language, ranges
from reportgen.rendering.outline import outline_of
from reportgen.rendering.page import TABLE_LENGTHS, DrawnTiles, Page, group_findings
from reportgen.rendering.parts import parts_of
from reportgen.rendering.scatters import scatter_drawing
from reportgen.rendering.templates import new_environment
from reportgen.rendering.verdict import TONES, checked_rules, verdict_of
from reportgen.results import (
    Comparison,
    Provenance,
    Report,
    Section,
    Severity,
    SkippedSection,
)

_LETTERS = string.ascii_letters

MOST_ELEMENTS = 2_962
"""Elements of a page that a longer table may not exceed: with what the script adds they are under 3,000."""

_FAR = 1.5
"""Times so many elements: a page beyond that gets the shortest tables next, as those in between would not do."""


def render_html(report: Report, *, paper: str | None = None, full: bool = False) -> str:
    """Return the self-contained page of a report: valid HTML that needs no script, no network and no other file.

    Args:
        report: the report.
        paper: 'A4' or 'Letter' to print on; None leaves it to whoever prints.
        full: whether what is folded is printed too.
    """
    packages = sorted({section.package for section in report.sections if isinstance(section, Section)} - {""})
    language = open_language(report.language)
    environment = make_environment(tuple(packages), language)
    running = _running(report.provenance.title, report.provenance, language)
    numbers = json_uri(render_json(report))
    drawn: dict[Any, DrawnTiles] = {}
    lengths = list(TABLE_LENGTHS)
    while lengths:
        rows = lengths.pop(0)
        page = Page(language, rows, drawn)
        names = {"report": report, "page": page, "Severity": Severity}
        sections = [_with_body(section, environment, names) for section in report.sections]
        document = environment.get_template("report.html").render(
            **names,
            sections=sections,
            outline=outline_of(sections),
            verdict=verdict_of(report, language),
            checked=checked_rules(report),
            groups=group_findings([section for section, _ in sections], page),
            **dressed(environment, names, running, paper=paper, full=full),
            json_uri=numbers,
        )
        elements = len(re.findall("<[a-z]", document))
        if elements <= MOST_ELEMENTS:
            break
        if elements > _FAR * MOST_ELEMENTS:
            lengths = lengths[-1:]
    return sealed(page.anchors.settled(document) + "\n")


def render_comparison(comparison: Comparison, *, paper: str | None = None, full: bool = False) -> str:
    """Return the self-contained page of a comparison, with the frame, the figures and the style of a report's.

    Args:
        comparison: the comparison.
        paper, full: see `render_html`.
    """
    language = open_language(comparison.language)
    environment = make_environment((), language)
    page = Page(language)
    names = {"report": comparison, "comparison": comparison, "page": page, "Severity": Severity}
    sections = [_with_body(section, environment, names) for section in comparison.sections]
    skipped: dict[str, list[SkippedSection]] = {}
    for section, _ in sections:
        if isinstance(section, SkippedSection):
            skipped.setdefault(section.reason, []).append(section)
    running = _running(comparison.title, comparison.provenance, language)
    document = environment.get_template("comparison.html").render(
        **names,
        sections=[(section, body) for section, body in sections if isinstance(section, Section)],
        skipped=skipped,
        tone=TONES[comparison.verdict.outcome],
        **dressed(environment, names, running, paper=paper, full=full),
        json_uri=json_uri(render_comparison_json(comparison)),
    )
    return sealed(page.anchors.settled(document) + "\n")


def _running(title: str, provenance: Provenance, language: Language) -> str:
    """Return what stands above each printed page."""
    return f"{language.name(title)} \N{EN DASH} {provenance.date} \N{EN DASH} SHA-256 {provenance.sha256[:12]}"


def dressed(
    environment: Environment, names: dict[str, Any], running: str, *, paper: str | None = None, full: bool = False
) -> dict[str, Any]:
    """Return the style, the script and the policy of a page whose parts are made.

    The style has a rule for each size that they fold on narrow screens.

    Args:
        environment: the templates.
        names: what they may call, 'page' among them.
        running: what stands above each printed page.
        paper, full: see `render_html`.
    """
    style = _compact(environment.get_template("style.css").render(**names, paper=paper, full=full, running=running))
    script = _compact_script(environment.get_template("script.js").render(**names))
    return {"style": Markup(style), "script": Markup(script), "policy": _policy(style, script)}


def render_frame(report: Report) -> str:
    """Return the page inside a sandboxed frame, for a notebook's output cell."""
    return render_framed(render_html(report), title=report.provenance.title, language=report.language)


def render_framed(document: str, *, title: str, language: str) -> str:
    """Return a page inside a sandboxed frame.

    Args:
        document: the page.
        title: what the frame is called.
        language: code of the page's language.
    """
    environment = make_environment((), open_language(language))
    # The base address of such a document is its parent's: a bare fragment would lead away from it, to the notebook.
    return environment.get_template("frame.html").render(
        document=document.replace('href="#', 'href="about:srcdoc#'), title=title
    )


def _with_body(
    section: Section | SkippedSection, environment: Environment, names: dict[str, Any]
) -> tuple[Section | SkippedSection, Markup]:
    """Return a section and its HTML. Where the template of a foreign one fails, it is one that was skipped."""
    if not isinstance(section, Section):
        return section, Markup(environment.get_template("sections/_skipped.html").render(section=section, **names))
    page = names["page"]
    before = copy.deepcopy(page.anchors) if section.foreign else page.anchors
    try:
        template = (
            environment.from_string(section.template)
            if section.template
            else environment.get_template(f"{section.package or 'sections'}/{section.name}.html")
        )
        body = template.render(section=section, result=section.result, **names)
    except Exception as error:
        if not section.foreign:
            raise
        page.anchors = before  # without the ids of a half-made section, which would lead nowhere
        said = str(error).splitlines()
        received = page.language.name(said[0] if said else type(error).__name__)
        reason = (
            say("The plug-in's template failed. Received: {received}.", received=received)
            if section.package
            else say("The section's template failed. Received: {received}.", received=received)
        )
        skipped = SkippedSection(section.name, section.title, reason, section.findings, section.inconclusive)
        return _with_body(skipped, environment, names)
    return section, Markup(body)


def _compact(style: str) -> str:
    """Return a style sheet without comments and blanks that only its authors need, the names of its variables made short."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    style = re.sub(r"\s*([{};,>])\s*|(?<=[\w-]):\s+", lambda blank: blank[1] or ":", style).replace(";}", "}").strip()
    used = Counter(re.findall(r"--[\w-]+", style))
    short = {name: f"--{letter}" for (name, _), letter in zip(used.most_common(), _LETTERS, strict=False)}
    return re.sub(r"--[\w-]+", lambda name: short.get(name[0], name[0]), style)


@lru_cache(maxsize=1)
def _compact_script(script: str) -> str:
    """Return a script without its comments and without blanks and parentheses that only its authors need.

    The names of its variables are made short; its strings, all in double quotes, keep theirs.
    """
    lines = (re.sub(r"^\s*//.*| // .*", "", line).strip() for line in script.splitlines())
    short = "\n".join(
        "".join(
            part
            if part.startswith('"')
            else re.sub(r" ?([{}()\[\];,:?=<>&|*]) ?| ?([-+/%!]=*) (?![-+])", r"\1\2", part)
            for part in re.split(r'("[^"]*")', line)
        )
        for line in lines
        if line
    )
    return _short_names(re.sub(r"(?<=[;{,])\n|[;,]\n?(?=})|(?<![\w.])\((\w+)\)(?==>)", r"\1", short))


_WORD = re.compile(r'"[^"]*"|\.?[A-Za-z_]\w*|[{}()\[\]]')
_DECLARED = re.compile(
    r"\b(?:const|let|function) (\w+)|(?<![.\w])(\w+)=>|(?<![.\w])(\w+)=(?![=>])|\(([\w,]+)\)(?:=>|{)|\[([\w,]+)\](?:=|of)"
)


def _short_names(script: str) -> str:
    """Return a script with a short name for each variable that no property is called like.

    A name stands for a property after a dot, before a colon, and where braces list it alone, as { name } is { name: name }.
    """
    declared = {name for found in _DECLARED.findall(script) for some in found for name in some.split(",")}
    used, kept, around = Counter(_WORD.findall(script)), {""}, [""]
    for found in _WORD.finditer(script):
        word, before, after = found[0], script[found.start() - 1 : found.start()], script[found.end() : found.end() + 1]
        if word in "{([":
            around.append(word)
        elif word in "})]":
            around.pop()
        elif word[0] == "." or after == ":" or (around[-1] == "{" and before in "{," and after in ",}"):
            kept.add(word.strip("."))
    ranked = sorted(declared - kept, key=lambda name: (-used[name] * len(name), name))
    letters = (one + other for one in ("", *_LETTERS) for other in _LETTERS)
    short = dict(
        zip(
            ranked,
            (name for name in letters if name not in used and name not in ("do", "if", "in", "of")),
            strict=False,
        )
    )
    return _WORD.sub(lambda word: short.get(word[0], word[0]), script)


def _policy(style: str, script: str) -> str:
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") for text in (style, script)
    ]
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


@lru_cache
def make_environment(packages: tuple[str, ...], language: Language) -> Environment:
    """Return the environment with reportgen's templates and those in the folders templates/ of these packages.

    Args:
        packages: the packages that bring an analysis with its template.
        language: the language of texts and numbers.
    """
    plugins = PrefixLoader({package: PackageLoader(package) for package in packages})
    # every text of a report passes `shown`: what cannot be seen in it is written as an escape
    environment = new_environment(ChoiceLoader([PackageLoader("reportgen.templates", ""), plugins]), language.shown)
    environment.globals |= {
        "_": language.gettext,
        "gettext": language.gettext,
        "ngettext": language.ngettext,
        "counted": language.counted,
        "language": language,
    }
    formats = (language.integer, language.number, language.percent, language.points, language.signed)
    for function in (*formats, language.sizes, language.file_size):
        environment.filters[function.__name__] = function
    environment.filters |= {
        "said": language.text,
        "shown_name": language.name,
        "lined_up": lined_up,
        "ranges": ranges,
        "parts": partial(parts_of, language=language),
        "outline": histogram_outline,
        "null_bands_drawing": null_bands_drawing,
        "parameter_bars": parameter_bars,
        "scatter_drawing": scatter_drawing,
        "strip_outline": strip_outline,
        "strip_threshold": strip_threshold,
        "css_string": _css_string,
    }
    return environment


def _css_string(text: str) -> Markup:
    """Return text as a string of a style sheet; all but letters and digits are escapes, so that none of it can end the string."""
    return Markup('"{}"').format("".join(c if c.isalnum() and c.isascii() else f"\\{ord(c):x} " for c in text))


def json_uri(text: str) -> str:
    """Return JSON as the address of a download, compressed: the same bytes in every run, without name and time."""
    return data_uri(gzip.compress(text.encode("utf-8"), mtime=0), "application/gzip")
