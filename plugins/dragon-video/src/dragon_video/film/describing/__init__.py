"""The language described for people: `python -m dragon_video.film.describing` writes its reference page.

`meanings` says what each attribute does and what it is if it is not given, `page`
makes Markdown of that and of the tables.
"""
