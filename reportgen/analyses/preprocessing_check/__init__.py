"""Whether the samples suit the model better when scaled in another way."""

from reportgen.analyses.preprocessing_check.analysis import PreprocessingCheck
