"""Two models beside one another: a module for each part, and the verdict."""

from reportgen.comparison.findings import applied_rules
from reportgen.comparison.parts import PARTS, compared, moved_since
from reportgen.comparison.sides import Side
from reportgen.comparison.verdict import verdict_of_parts
