"""Formulas on plain numbers: intervals, calibration, classification, attribution maps and their tests, tiles."""
