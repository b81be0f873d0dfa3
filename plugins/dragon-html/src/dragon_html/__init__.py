"""Task plugin for Dragon."""
