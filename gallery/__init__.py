"""The gallery of films: `python -m gallery` draws `docs/films` with the renderer itself.

`pictures` draws what the films show, `films` has the films, `page` makes the strips and the page.
"""
