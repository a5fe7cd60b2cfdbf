"""Faults of plant, instruments and lines: one line of text each, at exact plant times, seeded one by one."""
