"""The twin: simulated devices that speak SSH on loopback, to try the whole job on without touching anything real."""
