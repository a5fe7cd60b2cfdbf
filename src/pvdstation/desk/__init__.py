"""The desk: what a client may ask and see, and the local socket between it and the core."""
