"""How good the analysis tasks are, on pictures whose answers are known."""
