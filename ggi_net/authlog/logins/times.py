"""How far apart in seconds what belongs together can be."""

WINDOW = 60.0
"""Seconds between lines of one attempt, at most. Supplicants give up after 30 to 60."""
NEAR = 2.0
"""Seconds between the answers of two hops: the way, and clocks that nobody noticed to differ."""
FAR = 12.0
"""The same when a hop waits for one that is silent, such as FreeRADIUS for 8 seconds."""
SOON = 5.0
"""Seconds that nearly all attempts take less than."""
SLACK = 1.0
"""Seconds that an event may seem to be on the wrong side of another one of another log."""
