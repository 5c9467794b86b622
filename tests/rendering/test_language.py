"""A page's language translates messages with the values within them, and writes numbers its own way."""

import gettext

import pytest
from markupsafe import Markup

from reportgen.messages import counted, joined, say
from reportgen.rendering.language import Language, open_language, translations_of

KOREAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "{share:.1%} of {layer} {state}"
msgstr "{layer}의 {share:.1%}는 {state}"

msgid "silent"
msgstr "무반응"

msgid "{n} layer"
msgid_plural "{n} layers"
msgstr[0] "레이어 {n}개"

msgid "Weights of %(layer)s"
msgstr "%(layer)s의 가중치"
""".encode()


@pytest.fixture
def korean():
    return Language("ko", translations_of(KOREAN, "ko"))


def test_a_message_is_said_again_with_the_messages_within_it(korean):
    message = say("{share:.1%} of {layer} {state}", share=0.25, layer="silent", state=say("silent"))
    assert korean.text(message) == "silent의 25.0%는 무반응"


def test_a_number_of_things_takes_the_form_of_the_language(korean):
    assert korean.text(counted(1200, "{n} layer", "{n} layers")) == "레이어 1,200개"
    assert korean.counted(1, "{n} layer", "{n} layers") == "레이어 1개"


def test_joined_texts_are_translated_one_by_one(korean):
    assert korean.text(joined([say("silent"), counted(2, "{n} layer", "{n} layers"), "conv"])) == (
        "무반응, 레이어 2개, conv"
    )


def test_what_is_no_message_stays_as_it_is(korean):
    assert korean.text("silent") == "silent"


def test_a_message_without_a_translation_stays_english(korean):
    assert korean.text(say("{n} bins", n=60)) == "60 bins"


def test_values_in_markup_are_escaped_and_what_cannot_be_seen_is_written_out(korean):
    said = korean.gettext("Weights of %(layer)s", layer="<b>\u202e")
    assert said == Markup("&lt;b&gt;\\u202e의 가중치")
    assert isinstance(said, Markup)


def test_numbers_take_the_separators_of_the_language():
    german = Language("de", gettext.NullTranslations())
    assert (german.integer(1234567), german.number(1234.5, 5), german.percent(0.125)) == (
        "1.234.567",
        "1.234,5",
        "12,5%",
    )
    assert german.text(say("{n} of {share:.1%}", n=1024, share=0.5)) == "1.024 of 50,0%"
    assert german.sizes((1024, 3)) == "1.024 × 3"


def test_bytes_are_counted_in_the_language(korean):
    english = open_language("en")
    assert [english.file_size(size) for size in (1, 12, 1234)] == ["1 byte", "12 bytes", "1.23 kB"]


def test_a_name_that_cannot_be_seen_is_called_so():
    assert open_language("en").name(" ") == "(no name)"


def test_there_is_no_language_without_a_catalogue():
    with pytest.raises(KeyError, match="xx"):
        open_language("xx")
