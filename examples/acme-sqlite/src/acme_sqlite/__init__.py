"""A storage driver for Dragon: output files in one SQLite database."""
