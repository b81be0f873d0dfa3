"""Metrics hooks for Dragon: a line for each finished task, its seconds on the metrics page."""
