"""Builds everything: station, simulated world, links, drivers, core and runtime; gathers what comes out."""
