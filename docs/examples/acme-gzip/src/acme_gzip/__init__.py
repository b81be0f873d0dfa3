"""Tasks of Acme for Dragon."""
