"""Whether a run is recorded, where, and what was said about it at its start."""

from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.about import Said
from pvdstation.assembly.folders import data_folder
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.recording import Recording
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem
from pvdstation.record.results import RunResult


class Keeping(NamedTuple):
    """What was asked for."""

    said: Said = Said()
    data: str | None = None
    is_kept: bool = True

    @property
    def folder(self) -> Path:
        """Return the data folder, whose ledgers count."""
        return data_folder(self.data)

    def problems(self, prepared: Prepared) -> list[Problem]:
        """Return what is wrong with what was said."""
        return self.said.understood(prepared.station)[1]

    def recording(self, prepared: Prepared) -> Recording | None:
        """Return what the run needs to be recorded; None when it is not."""
        if not self.is_kept:
            return None
        return Recording(self.folder, self.said.understood(prepared.station)[0])


RECORDED = Keeping()


def note_record(streams: Streams, result: RunResult) -> None:
    """Say where the record is, and why it has no end if it has none."""
    if result.run is not None:
        streams.note(f'record: {result.run}   ("pvd runs show {result.run}")')
    if result.record_fault is not None:
        streams.refuse([result.record_fault])
