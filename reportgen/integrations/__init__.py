"""What tools that train models call: a callback for `fit`, a logger for MLflow."""
