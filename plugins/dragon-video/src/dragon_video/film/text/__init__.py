"""Texts of films: shaped, fitted to their boxes, styled, as pictures.

    picture = set_text("Hello", TextStyle(fontsize=40), width=640, height=360, lines=360, fonts=Fonts())

gives a tightly cropped premultiplied picture and where it lies in its box, in pixels of the film.
"""

from dragon_video.film.text.distance import DistanceField as DistanceField
from dragon_video.film.text.distance import DistanceStyle as DistanceStyle
from dragon_video.film.text.distance import distance_field as distance_field
from dragon_video.film.text.distance import styled as styled
from dragon_video.film.text.legend import legend_offset as legend_offset
from dragon_video.film.text.picture import TextPicture as TextPicture
from dragon_video.film.text.picture import in_style as in_style
from dragon_video.film.text.setting import set_ink as set_ink
from dragon_video.film.text.setting import set_text as set_text
from dragon_video.film.text.style import TextStyle as TextStyle
