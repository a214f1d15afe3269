"""Benchmarks: figures and ratios of one run, for docs/benchmarks.md. Not tests: nothing fails on a slow machine."""
