"""Importing Keras, which is most of the time that a small report takes."""

from __future__ import annotations

import gc


def import_keras() -> None:
    """Import Keras and TensorFlow with the garbage collector paused.

    The import makes some two million objects that all stay; going through them again and again takes a sixth of its CPU time
    (`benchmarks/demo.py` measures the whole).
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        import keras
        import tensorflow

        del keras, tensorflow
    finally:
        if paused:
            gc.enable()
            gc.freeze()
