"""The scene: nodes in time become painters, and painters make frames."""

from dragon_video.film.scene.building import check_texts, painted, scene
from dragon_video.film.scene.stage import World

__all__ = ["World", "check_texts", "painted", "scene"]
