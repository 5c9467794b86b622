"""Importing Keras, which is most of the time that a small report takes, what Keras runs on, and numpy's threads."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from reportgen.errors import UsageError
from reportgen.untrusted.escaping import reason_of

BACKEND = "KERAS_BACKEND"
TENSORFLOW = "tensorflow"

_imported_frozen = False


def import_keras() -> None:
    """Import Keras and TensorFlow with the garbage collector paused; Keras runs on TensorFlow unless it was imported before.

    The import makes some two million objects that all stay; going through them again and again takes a sixth of its CPU time
    (`benchmarks/costs.py` measures the whole). Where both were imported already nothing is frozen: what lives then is the
    caller's, such as a model that was given, and frozen it would stay for ever.

    Raises:
        UsageError: Keras cannot be imported, as with a value in its keras.json that it does not take.
    """
    global _imported_frozen
    if sys.modules.get("keras") and sys.modules.get("tensorflow"):
        return
    paused = gc.isenabled()
    gc.disable()
    try:
        with _on_tensorflow():
            import keras
            import tensorflow

            del keras, tensorflow
    except Exception as error:  # whatever an installation, or the user's settings of one, raises becomes one line
        raise UsageError(
            f"Keras cannot be imported. Received: {type(error).__name__}: {reason_of(error, limit=160)}. Check the "
            f"installation, the variables KERAS_… and keras.json in ~/.keras or KERAS_HOME."
        ) from error
    finally:
        if paused:
            gc.enable()
            gc.freeze()
            _imported_frozen = True


def free_earlier() -> None:
    """Free what an earlier report's model left behind in this process: Keras' objects hold one another, and so their weights.

    Only where `import_keras` froze what it imported, so that looking takes milliseconds; elsewhere Python does it in its own
    time.
    """
    if _imported_frozen:
        gc.collect()


@contextmanager
def _on_tensorflow() -> Iterator[None]:
    """Make an import of Keras choose TensorFlow, whatever the environment and keras.json say; then put the former back."""
    if "keras" in sys.modules:
        yield
        return
    before = os.environ.get(BACKEND)
    os.environ[BACKEND] = TENSORFLOW
    try:
        yield
    finally:
        if before is None:
            del os.environ[BACKEND]
        else:
            os.environ[BACKEND] = before


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep numpy's linear algebra on one thread of this process; then put the former number back.

    A report's matrices are small: threads cost more than they gain, and while another process wants the core they spin (an
    operator norm of 64 channels took 0.82 s of CPU with two threads and 0.06 s with one). The order of a sum also depends on
    their number, and a report's bytes must not.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def backend() -> str:
    """Return what Keras runs on: 'tensorflow', or what it was imported with before, such as 'jax' or 'torch'."""
    import keras

    return str(keras.config.backend())
