"""The command ``pvd``: what a person types, sees and gets back as an exit code."""

from pvdstation.cli.entry import main

__all__ = ["main"]
