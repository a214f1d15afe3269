"""The pages: one module per page makes the plain data that its template shows."""
