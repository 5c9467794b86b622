"""A report that shows nobody's samples: what may stay of it, and the names that stand for others."""
