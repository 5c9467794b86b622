"""Doors of tools that train models: a callback for `fit`, a logger for MLflow."""
