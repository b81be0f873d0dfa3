"""The film renderer: a definition in the film language becomes frames and sound. Imported inside a task alone."""
