"""Whether the model keeps its answers when its samples are changed a little."""

from reportgen.analyses.robustness.analysis import Robustness
