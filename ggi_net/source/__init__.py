"""Reads the world into an Estate."""
