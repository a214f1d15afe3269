"""The twin: devices of the estate as real daemons in namespaces of this machine."""
