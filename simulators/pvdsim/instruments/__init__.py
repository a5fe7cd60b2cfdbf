"""Simulated evaporation station: plant physics and byte-exact instruments. Imports only protocol and model."""
