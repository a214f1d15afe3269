"""What a failed login means: the catalogue of causes, as data, and the matching of log lines with it."""
