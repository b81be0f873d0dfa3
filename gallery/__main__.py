"""`python -m gallery [DIRECTORY]`: draws the gallery of films, in `docs/films` if nothing else is said."""

import sys
from pathlib import Path

from gallery.page import write


def main() -> None:
    """Draw the gallery, and tell each strip."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "docs" / "films"
    for line in write(directory):
        print(line)


if __name__ == "__main__":
    main()
