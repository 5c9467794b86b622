"""Where the model looks: the parts of a sample that a class depends on."""

from reportgen.analyses.attribution.analysis import Attribution
