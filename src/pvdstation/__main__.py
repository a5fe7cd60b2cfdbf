"""``python -m pvdstation`` is ``pvd``."""

from pvdstation.cli import main

main()
