"""What makes each filter answer: patches of the samples, and inputs made for it."""

from reportgen.analyses.filter_responses.analysis import FilterResponses
