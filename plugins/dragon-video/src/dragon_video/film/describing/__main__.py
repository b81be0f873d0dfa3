"""`python -m dragon_video.film.describing FILE`: writes the reference of the language."""

import sys
from pathlib import Path

from dragon_video.film.describing.page import page

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
