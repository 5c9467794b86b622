"""Messages are their English text, and remember what they were made of."""

import copy
import json
import pickle

import numpy as np
import pytest

from reportgen.messages import Message, counted, first_of, joined, say


def test_a_message_is_its_english_text():
    message = say("{silent} of {channels} channels ({share:.1%})", silent=3, channels=1024, share=0.00293)
    assert message == "3 of 1,024 channels (0.3%)"
    assert json.dumps(message) == '"3 of 1,024 channels (0.3%)"'
    assert (message.template, message.values["channels"]) == ("{silent} of {channels} channels ({share:.1%})", 1024)


def test_whole_numbers_of_numpy_get_commas_and_texts_and_truths_do_not():
    assert say("{a} {b} {c}", a=np.int64(12345), b="12345", c=True) == "12,345 12345 True"


def test_negative_numbers_have_a_minus_sign_and_names_keep_their_hyphens():
    message = say("{a:.3g} {b} {c:.1e} {name}", a=np.float32(-0.0668), b=-1024, c=2e-7, name="conv-1")
    assert message == "−0.0668 −1,024 2.0e−07 conv-1"


def test_values_are_never_read_as_templates():
    assert say("layer {name}", name="{0} {name.__class__}") == "layer {0} {name.__class__}"


def test_braces_in_a_template_are_doubled():
    assert say("a set {{1, 2}} of {n}", n=2) == "a set {1, 2} of 2"


@pytest.mark.parametrize(("n", "text"), [(0, "0 layers"), (1, "1 layer"), (2, "2 layers"), (1200, "1,200 layers")])
def test_counts_agree_with_their_noun(n, text):
    assert counted(n, "{n} layer", "{n} layers") == text


def test_a_missing_value_is_an_error_of_the_programmer():
    with pytest.raises(KeyError, match="channels"):
        say("{channels} channels")


def test_texts_are_joined_and_kept_apart():
    message = joined([say("none"), "a{b}"], "; ")
    assert message == "none; a{b}"
    assert [type(value) for value in message.values.values()] == [Message, str]
    assert joined([]) == ""


@pytest.mark.parametrize("again", [copy.deepcopy, lambda message: pickle.loads(pickle.dumps(message))])
def test_a_copy_remembers_the_same(again):
    message = counted(2, "{n} layer of {name}", "{n} layers of {name}", name="a{b}")
    made = again(message)
    assert made == "2 layers of a{b}"
    assert (made.template, made.plural, made.values) == (message.template, message.plural, {"name": "a{b}", "n": 2})


def test_the_first_texts_are_named_and_the_others_counted():
    assert first_of(["a", "b"], 2) == "a, b"
    assert first_of((str(n) for n in range(1005)), 2) == "0, 1 and 1,003 more"


def test_a_message_tells_which_of_its_forms_it_is():
    assert [counted(n, "{n} layer", "{n} layers").form for n in (1, 2)] == ["{n} layer", "{n} layers"]
    assert say("none").form == "none"
