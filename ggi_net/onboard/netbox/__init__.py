"""Writes the world to NetBox: what an organisation is as NetBox objects, and bringing NetBox to that."""
