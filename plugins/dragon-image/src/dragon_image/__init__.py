"""Image tasks for Dragon: one module for each."""
