"""A report that shows nobody's samples: what may stay of it, and the names that stand for others."""

from reportgen.redaction.anonymous import anonymise
from reportgen.redaction.reports import left_out, redact, redact_comparison
