"""The record: one SQLite file per run, what is read back from it, and what is made of it for people."""
