"""An internal error: the details go into a file, the person gets one sentence."""

import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version


def write_details(error: BaseException, arguments: Sequence[str]) -> str:
    """Write what is needed to understand an internal error; return the sentence for the person."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="pvd-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write("\n".join([_situation(arguments), "", *traceback.format_exception(error)]))
    except OSError:
        return f"internal error ({type(error).__name__}); the details could not be written to {tempfile.gettempdir()}"
    return f"internal error ({type(error).__name__}); the details are in {file.name}"


def _situation(arguments: Sequence[str]) -> str:
    try:
        ours = version("pvdstation")
    except PackageNotFoundError:
        ours = "unknown"
    return f"pvdstation {ours}\nPython {sys.version}\n{platform.platform()}\nargv {list(arguments)!r}"
