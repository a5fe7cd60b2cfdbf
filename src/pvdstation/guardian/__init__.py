"""Switches a station off when its core has died or fallen silent: bytes and addresses, nothing of the house."""
