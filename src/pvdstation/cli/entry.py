"""From the command line to an exit code: refusals become sentences, and no traceback ever reaches a person."""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import typer

from pvdstation.cli.arguments import shield, wants_json
from pvdstation.cli.commands import app
from pvdstation.cli.crash import write_details
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem

_UsageError: Any = typer.BadParameter.__bases__[0]
"""What the parser raises; typer exports only this subclass of it."""
_INTERRUPTED = 130


def enter(argv: Sequence[str]) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    arguments = list(argv) or ["--help"]
    # What the house logs is an internal error's detail, never a line on somebody's terminal.
    logging.getLogger("pvdstation").addHandler(logging.NullHandler())
    streams = Streams(json=wants_json(arguments))
    code = _guarded(arguments, streams)
    streams.close()
    sys.exit(int(code))


def _guarded(arguments: Sequence[str], streams: Streams) -> ExitCode:
    try:
        return _parsed(arguments, streams)
    except KeyboardInterrupt:
        return ExitCode.OPERATOR
    except Exception as error:  # noqa: BLE001 - the last handler: what nobody expected becomes one sentence and a file
        sentence = write_details(error, arguments)
        if streams.json:
            with suppress(OSError):  # a full disk may be why
                errors = [Problem("pvd", sentence).as_json()]
                streams.document({"outcome": "error", "reason": sentence, "errors": errors})
        streams.note(sentence)
        return ExitCode.INTERNAL


def _parsed(arguments: Sequence[str], streams: Streams) -> ExitCode:
    command = typer.main.get_command(app)
    try:
        code = command.main(shield(arguments), prog_name="pvd", standalone_mode=False, obj=streams)
    except _UsageError as error:
        return _refuse_command_line(error, streams)
    if code == _INTERRUPTED:
        return ExitCode.OPERATOR
    return ExitCode(code or 0)


def _refuse_command_line(error: Any, streams: Streams) -> ExitCode:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "pvd"
    what: str = error.format_message()
    write = f'See "{command} --help".'
    takes_recipe = context is not None and any(word.name == "recipe" for word in context.command.params)
    if what.startswith("Got unexpected extra argument") and takes_recipe:
        write = f'Put the recipe in quotes: {command} "300 nm Zn at 0.5 nm/s"'
    problem = Problem("the command line", what, write)
    if streams.json:
        from pvdstation.record.results import refused

        streams.document(refused([problem]).as_json())
    streams.refuse([problem])
    return ExitCode.REFUSED
