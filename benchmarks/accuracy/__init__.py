"""How good results are, on pictures whose answers are known, beside those of others."""
