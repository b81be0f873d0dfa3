"""Image tasks for Dragon: `image.info` and `image.thumb`."""
