"""The command ``pvd``: what a person types, sees and gets back as an exit code."""

import sys
from typing import NoReturn

_INTERRUPTED = 3


def main() -> NoReturn:
    """Run the command line and end the process with its exit code; Ctrl+C while it is being loaded ends it too."""
    try:
        from pvdstation.cli.entry import enter

        enter(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
