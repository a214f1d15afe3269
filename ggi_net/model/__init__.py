"""What the world is: frozen records without I/O."""
