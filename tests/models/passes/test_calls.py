"""Calls are named by the layer's path, and their numbers read back."""

import numpy as np

from reportgen.models.passes.calls import call_name, call_number, first_tensor, layer_path, tensors_of


def test_names_of_calls_tell_path_and_number():
    names = [call_name("block/conv", number) for number in (1, 2, 12)]
    assert names == ["block/conv", "block/conv (call 2)", "block/conv (call 12)"]
    assert [call_number(name) for name in names] == [1, 2, 12]
    assert {layer_path(name) for name in names} == {"block/conv"}


def test_tensors_are_found_in_lists_and_dictionaries():
    one, two = np.zeros(1), np.zeros(2)
    nested = {"scores": [None, one], "features": (two, "name")}
    assert [len(tensor) for tensor in tensors_of(nested)] == [1, 2]
    assert first_tensor(nested) is one
    assert first_tensor([None]) is None
