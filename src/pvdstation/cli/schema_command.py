"""``pvd schema``: what a file may hold, as editors understand it."""

from pvdstation.assembly.schemas import recipe_schema, station_schema
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.streams import Streams


def run_schema_station(streams: Streams) -> ExitCode:
    """Print the schema of the station file; return the exit code."""
    streams.document(station_schema())
    return ExitCode.COMPLETE


def run_schema_recipe(streams: Streams) -> ExitCode:
    """Print the schema of the recipe file; return the exit code."""
    streams.document(recipe_schema())
    return ExitCode.COMPLETE
