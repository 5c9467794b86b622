"""Two models beside one another: a module for each part, and what reads and runs both."""

from reportgen.comparison.make import PARTS, make_comparison, moved_since
