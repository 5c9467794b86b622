"""What any report needs at least: import TensorFlow as reportgen does, load the model, one forward pass on the same samples.

`floor.py MODEL SAMPLES.npz [BATCH]` runs the samples (array x_test, bytes) at once, or by `model.predict` in batches of BATCH.
"""

import gc
import sys

gc.disable()  # as `reportgen.models.startup` imports it: the import makes two million objects that stay
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402, F401 - the import is what is measured
from tensorflow import keras  # noqa: E402

gc.enable()
gc.freeze()

model = keras.models.load_model(sys.argv[1], compile=False)
stored = np.load(sys.argv[2])["x_test"]
inputs = stored.reshape(len(stored), *model.input_shape[1:]).astype("float32") / 255
if len(sys.argv) > 3:
    model.predict(inputs, batch_size=int(sys.argv[3]), verbose=0)
else:
    model(inputs, training=False)
