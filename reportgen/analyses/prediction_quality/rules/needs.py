"""What the rules on predictions depend on: which kind of answer the model gives, and what was claimed of it."""

from reportgen.messages import say
from reportgen.results import Need

CLASSES = Need(("classification", "multi_label", "segmentation"), say("The model does not predict classes."))
SCORES = Need(("classification", "multi_label"), say("The model does not give each class of a sample a score."))
ONE_CLASS = Need(("classification",), say("The model does not predict one class for each sample."))
ONE_CLASS_EACH = Need(
    ("classification", "segmentation"), say("The model does not predict one class for each sample or pixel.")
)
SEVERAL_CLASSES = Need(("multi_label",), say("The model does not predict several classes for a sample."))
NUMBERS = Need(("regression", "outputs", "images"), say("The model predicts classes, not numbers."))
IMAGES = Need(("images.from_input",), say("The model does not turn images into images of the same size."))
CLAIMS = Need(("claims",), say("No claim was made with --expect."))
