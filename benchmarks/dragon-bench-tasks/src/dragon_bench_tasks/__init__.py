"""Tasks for the benchmarks of Dragon."""
