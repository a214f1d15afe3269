"""Intended against running: collect, normalise, compare, remediate, report."""
