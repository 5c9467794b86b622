"""Languages, and how they write numbers and names."""

import gettext
import math

import pytest
from markupsafe import Markup

from reportgen.messages import counted, joined, say
from reportgen.rendering.language import Language, open_language, ranges, translations_of

ENGLISH = open_language("en")
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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.870411, "0.870"),
        (-0.00716, "−0.00716"),
        (0.00004, "4.00e−05"),
        (999.96, "1,000"),
        (12345.6, "12,346"),
        (123456.0, "1.23e+05"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert ENGLISH.number(value) == text


def test_digits_can_be_chosen():
    assert ENGLISH.number(0.99871, 4) == "0.9987"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0%"), (0.0004, "<0.1%"), (0.4, "40.0%"), (0.99999, ">99.9%"), (1, "100.0%"), (None, "–"), (math.nan, "–")],
)
def test_shares_are_never_rounded_to_none_or_all(value, text):
    assert ENGLISH.percent(value) == text


def test_whole_numbers_have_thousands_separated():
    assert (ENGLISH.integer(333526), ENGLISH.integer(-1000), ENGLISH.integer(None)) == ("333,526", "−1,000", "–")


def test_shapes_are_written_with_multiplication_signs_and_free_sizes_as_question_marks():
    assert ENGLISH.sizes((28, None, 1)) == "28 × ? × 1"
    assert (ENGLISH.sizes(None), ENGLISH.sizes(())) == ("–", "1")


def test_file_sizes_have_decimal_units():
    shown = [ENGLISH.file_size(size) for size in (12, 1234, 1_365_363, 2_500_000_000)]
    assert shown == ["12 bytes", "1.23 kB", "1.37 MB", "2.5 GB"]


def test_names_are_one_line_of_at_most_80_characters():
    assert ENGLISH.name("a\nb\tc") == "a\\nb\\tc"
    assert ENGLISH.name("  ") == "(no name)"
    assert ENGLISH.name("a" * 150 + "b" * 150) == "a" * 49 + "…" + "b" * 30


def test_neighbouring_indices_are_drawn_together_and_very_many_are_cut():
    assert ranges([0, 3, 4, 5, 9]) == "0, 3–5, 9"
    assert ranges([]) == ""
    assert ranges(range(0, 140, 2), 3) == "0, 2, 4, … (70)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.015, "+1.5"), (-0.3, "−30.0"), (0.0, "0.0"), (-0.0001, "0.0"), (None, "–"), (float("nan"), "–")],
)
def test_differences_of_shares_have_a_sign_and_one_decimal(value, text):
    assert ENGLISH.points(value) == text


@pytest.mark.parametrize(("value", "text"), [(14, "+14"), (-14, "−14"), (0, "0"), (0.25, "+0.250"), (-0.25, "−0.250")])
def test_signed_numbers_are_whole_where_they_are_counts(value, text):
    assert ENGLISH.signed(value) == text
