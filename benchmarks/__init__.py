"""What `make bench` measures: Dragon beside named peers, in the same run on the same machine.

Rates swing with the machine; read ratios, CPU times and medians. Each figure is a
module of `benchmarks.figures` with one function, `measure() -> list[Figure]`.
"""
