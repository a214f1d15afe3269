"""Artifact -> device: one driver per platform, one protocol for all."""
