"""Reads the world from NetBox: tables of rows by one of three ways, and the estate that they make."""
