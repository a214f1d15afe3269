"""`python -m ggi_net` is `ggi`."""

from ggi_net.cli import run

run()
