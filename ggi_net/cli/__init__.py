"""The command line: one small module per job; each parses, calls one function of a room, and prints."""
