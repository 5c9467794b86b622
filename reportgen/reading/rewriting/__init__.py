"""Configurations of older files, rewritten for this Keras, and what of them is permitted."""

from reportgen.reading.rewriting.custom_objects import declared_names, import_objects, marshalled_functions
from reportgen.reading.rewriting.keras_names import LAYERS, TRAINING_WRAPPERS, is_of_the_toolkit
from reportgen.reading.rewriting.layers import VOCABULARY_LAYERS
from reportgen.reading.rewriting.obstacles import Notes, Obstacle, ObstacleKind, sentences_of
from reportgen.reading.rewriting.permissions import Marshalled, Permitted, activations_instead
from reportgen.reading.rewriting.rewrite import NOTHING, is_old, make_readable
from reportgen.reading.rewriting.shared_layers import SharedLayer
from reportgen.reading.rewriting.values import HARD_SIGMOID, readable_value
