"""What any report needs at least: import TensorFlow, load the model, one forward pass on the same samples."""

import sys

import numpy as np
import tensorflow as tf  # noqa: F401 - the import is what is measured
from tensorflow import keras

model = keras.models.load_model(sys.argv[1], compile=False)
model(np.load(sys.argv[2])["x_test"][..., None].astype("float32") / 255, training=False)
