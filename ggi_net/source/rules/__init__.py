"""What an estate must not be: one small function a rule, each yielding findings."""
