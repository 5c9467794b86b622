"""One sample on its way through the network, from pixels to what it says of it."""

from reportgen.analyses.concepts.analysis import Concepts

__all__ = ["Concepts"]
