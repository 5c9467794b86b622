"""Configurations of older files, rewritten for this Keras, and what of them is permitted."""

from reportgen.reading.rewriting.custom_objects import declared_names, import_objects, marshalled_functions
from reportgen.reading.rewriting.keras_names import LAYERS
from reportgen.reading.rewriting.layers import VOCABULARY_LAYERS
from reportgen.reading.rewriting.obstacles import Notes, Obstacle
from reportgen.reading.rewriting.permissions import Marshalled, Permitted
from reportgen.reading.rewriting.rewrite import NOTHING, is_old, make_readable
from reportgen.reading.rewriting.shared_layers import SharedLayer
from reportgen.reading.rewriting.values import HARD_SIGMOID, readable_value

__all__ = [
    "HARD_SIGMOID",
    "LAYERS",
    "NOTHING",
    "VOCABULARY_LAYERS",
    "Marshalled",
    "Notes",
    "Obstacle",
    "Permitted",
    "SharedLayer",
    "declared_names",
    "import_objects",
    "is_old",
    "make_readable",
    "marshalled_functions",
    "readable_value",
]
