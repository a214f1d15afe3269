"""What a configuration says: read it as statements, and compare two by meaning, with regard to order and secrets."""
