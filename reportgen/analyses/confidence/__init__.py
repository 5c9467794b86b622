"""What a model's confidence is good for, on its samples and on what is none."""

from reportgen.analyses.confidence.analysis import Confidence as Confidence
