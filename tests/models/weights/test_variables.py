"""What is stored beside the kernels."""

import keras
import numpy as np
from keras import layers

from reportgen.models.graphs.layers import named_layers
from reportgen.models.weights.variables import OtherVariable, other_variables


class WithItsOwn(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(2, name="dense")
        self.own = self.add_weight(shape=(3,), name="own")

    def call(self, inputs):
        return self.dense(inputs)


def test_biases_scales_and_statistics_are_counted_with_their_nan() -> None:
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5),
        ]
    )
    model.get_layer("norm").moving_variance.assign(np.array([np.nan, np.inf]))
    found = other_variables(model, named_layers(model))
    assert [(one.label, one.values, one.non_finite) for one in found] == [
        ("conv bias", 2, 0),
        ("norm gamma", 2, 0),
        ("norm beta", 2, 0),
        ("norm moving_mean", 2, 0),
        ("norm moving_variance", 2, 2),
    ]


def test_variables_of_the_model_itself_are_among_them() -> None:
    model = WithItsOwn()
    model(np.zeros((1, 2), np.float32))
    found = other_variables(model, named_layers(model))
    assert found == (OtherVariable("dense", "bias", 2, 0, moved=0), OtherVariable("", "own", 3, 0))
    assert found[1].label == "own"
