"""From options to what analyses get: the inputs opened, the model prepared, the samples evaluated."""
