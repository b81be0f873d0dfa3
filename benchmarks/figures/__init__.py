"""One module for each figure: `measure() -> list[Figure]`."""
