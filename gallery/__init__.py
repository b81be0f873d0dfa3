"""The gallery of films: `python -m gallery` draws `docs/films` with the renderer itself.

`pictures` draws what the films show; `films`, `texts` and `filtering` have the films; `drawing` draws their frames,
`page` makes the strips and the page.
"""
