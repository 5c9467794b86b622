"""No text of the page escapes translation: in a language of circled letters, nothing but names stays as it was."""

import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reportgen.messages import Message
from reportgen.rendering import html
from reportgen.rendering.language import Language
from reportgen.results.report import Section

FIXTURES = Path(__file__).parents[1] / "reading" / "fixtures"
CIRCLED = {ord(plain) + i: ord(circled) + i for plain, circled in ("aⓐ", "AⒶ") for i in range(26)}
KEPT = re.compile(r"(%\(\w+\)[sd]|\{[^}]*\}|<[^>]*>|&\w+;)")
# What a page quotes: methods, Keras' and NumPy's own names, packages, units, selection rules, options
QUOTED = (
    r"HiResCAM|Keras|GlorotUniform|Orthogonal|Sequential|uint8|float32|relu|softmax|linear|MB|kB|SHA-256|(per-class|first|hardest):\d+|"
    r"reportgen|python|tensorflow|keras|numpy|matplotlib|jinja2|pillow|h5py|--[a-z-]+|y_test|x_test(\[\d+\])?|Lambda|lambda"
)
VOID = {"img", "meta", "link", "input", "br", "path", "col", "hr"}
UNREAD = {"script", "style", "code", "bdi", "pre"}  # code and names; the text under tiles is numbers


class CircledLetters(gettext.NullTranslations):
    def gettext(self, message):
        return "".join(
            part if i % 2 and KEPT.fullmatch(part) else part.translate(CIRCLED)
            for i, part in enumerate(re.split(KEPT, message))
        )

    def ngettext(self, msgid1, msgid2, n):
        return self.gettext(msgid1 if n == 1 else msgid2)


class Texts(HTMLParser):
    """Collects what a reader sees or hears, with the section that it stands in."""

    def __init__(self):
        super().__init__()
        self.open, self.section, self.found = [], "", []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.section = attributes["id"] if tag == "section" else self.section
        self.found += [(self.section, attributes[name]) for name in ("alt", "aria-label") if attributes.get(name)]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if data.strip() and UNREAD.isdisjoint(self.open):
            self.found.append((self.section, data.strip()))


def names_of(report):
    """Return the names on a page that are its model's and its samples' own."""
    sections = {section.name: section.result for section in report.sections if isinstance(section, Section)}
    layers = sections["architecture"].layers
    names = {"TensorFlow", report.provenance.title, report.model.name, *report.provenance.options}
    names |= {name for layer in layers for name in (layer.path, layer.class_name)}
    names |= {rule.code for rule in report.rules} | {rule.set_by for rule in report.rules}
    names |= {kernel.label for kernel in sections["weight_histograms"].kernels}
    quality = sections.get("prediction_quality")
    return names | ({one.name for one in quality.classification.classes} if quality else set())


def english_left(report, monkeypatch):
    """Return the texts of the page, by section, in which English words are left."""
    monkeypatch.setattr(html, "open_language", lambda _: Language("ko", CircledLetters()))
    texts = Texts()
    texts.feed(html.render_html(report))
    names = sorted(map(re.escape, names_of(report)), key=len, reverse=True)
    known = re.compile(rf"(?<!\w)({'|'.join(names)}|{QUOTED})(?!\w)")
    return [(section, text) for section, text in texts.found if re.search("[A-Za-z]{2,}", known.sub("", text))]


def test_circled_letters_leave_fields_and_elements_alone():
    assert CircledLetters().gettext("On %(n)s <b>{layer}</b> at 95%") == "Ⓞⓝ %(n)s <b>{layer}</b> ⓐⓣ 95%"


def test_the_demo_has_no_text_that_cannot_be_translated(demo_report, monkeypatch):
    assert english_left(demo_report, monkeypatch) == []


@pytest.mark.parametrize("name", ["with_lambda-2.15.1.keras", "gone-2.9.3.h5", "compiled-2.9.3.h5"])
def test_reports_on_weights_and_on_rewritten_files_have_none_either(name, monkeypatch):
    from reportgen.api import build_report

    left = english_left(build_report(FIXTURES / name), monkeypatch)
    # names of files and of what was not run or rewritten are quoted within a sentence
    assert [(section, text) for section, text in left if section not in ("provenance", "")] == []
    assert all(re.search("[ⓐ-ⓩ]", text) for section, text in left if len(text.split()) > 3)


def test_findings_reasons_and_titles_are_messages(demo_report):
    said = [finding.message for finding in demo_report.findings]
    said += [finding.source for finding in demo_report.findings]
    said += [section.title for section in demo_report.sections]
    said += [section.reason for section in demo_report.sections if not isinstance(section, Section)]
    said += [rule.unit for rule in demo_report.rules]
    assert [text for text in said if not isinstance(text, Message)] == []


def test_a_text_that_was_forgotten_is_noticed(demo_report, monkeypatch):
    from dataclasses import replace

    finding = replace(demo_report.findings[0], message="a plain sentence of English")
    section = next(section for section in demo_report.sections if section.findings)
    forgetful = replace(section, findings=(finding,))
    sections = tuple(forgetful if one is section else one for one in demo_report.sections)
    left = english_left(replace(demo_report, sections=sections), monkeypatch)
    assert any("plain sentence of English" in text for _, text in left)
