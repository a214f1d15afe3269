"""Brings log lines from files and from the network into the store: each line once, none lost."""
