"""The shells around the core: one on the real clock with threads, one on stepped time."""
