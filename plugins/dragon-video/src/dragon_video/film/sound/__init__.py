"""The sound of a film: tracks → one mix in windows → one encoded track."""
