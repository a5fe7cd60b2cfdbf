"""Ports, and the discipline of one exchange. Knows bytes, dead-lines and frames; no instrument."""
