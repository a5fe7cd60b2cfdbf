"""What a tuning run says of a source's rate loop: read from its record, fitted, and turned into proposals."""
