"""What a failed login means: the catalogue of causes, as data, and the matching of log lines with it.

A new line of a daemon becomes a pattern of a cause in `data/`: the line as it stands in the log, the text in it that
stays the same, and where it is from. The tests read that line as any log is read, and tell when another pattern was
first; then say in `over` which one says more. A new cause needs its words in both languages; `make docs` writes
docs/causes.md.
"""
