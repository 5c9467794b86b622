"""A small trained network and 200 labelled images, so that a report can be seen before any file is at hand.

`train.py` made them; `MODEL_CARD.md` says how good the model is, `LICENSE-fashion-mnist.txt` whose the images are.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent

MODEL = _FOLDER / "model.keras"
SAMPLES = _FOLDER / "samples.npz"
CLASS_NAMES = _FOLDER / "class_names.txt"
TITLE = "Fashion-MNIST demo network"
