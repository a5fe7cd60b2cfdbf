"""Codecs: bytes to messages and back, host side and instrument side. No port, no clock."""
