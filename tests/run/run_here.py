"""``pvd run`` in one process, and that process the one that scans: for tests of engine, wires and record.

The command line, its checks, lines, result and exit codes are those of ``pvd run``; only the core is not another
process. As a program: ``python run_here.py run RECIPE ...``.
"""

from contextlib import AbstractContextManager
from unittest.mock import patch

from pvdstation.assembly.core.meeting import NotStarted, Where
from pvdstation.assembly.core.readying import Ready, Unfit, ready
from pvdstation.assembly.core.way import InterruptedRun, free_way, way_of
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.runs import Wishes, execute
from pvdstation.cli import main, run_command
from pvdstation.cli.core_command import offered_in_words
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.files import open_transcript
from pvdstation.cli.interrupts import Interrupts
from pvdstation.cli.refusing import UNABLE, finish_unable
from pvdstation.cli.result_text import heading
from pvdstation.cli.run_end import finish_run
from pvdstation.cli.run_follower import RunFollower
from pvdstation.cli.streams import Streams
from pvdstation.desk.start import Start
from pvdstation.record.results import RunResult


def here() -> AbstractContextManager[object]:
    """Let ``pvd run`` be one process as long as this lasts."""
    return patch.object(run_command, "followed", _followed)


def _followed(
    streams: Streams, prepared: Prepared, start: Start, where: Where, interrupts: Interrupts, *, detaches: bool
) -> ExitCode:
    assert not detaches
    try:
        wanted, told = free_way(ready(start, where), offered_in_words)
        for line in told:
            streams.note(line)
        result = _run(streams, wanted, interrupts)
    except Unfit as unfit:
        return run_command.finish_not_begun(streams, prepared, start.seed, run_command.NotBegun(_told(unfit)))
    except UNABLE as error:
        return finish_unable(streams, prepared, start.seed, error, start.transcript)
    return finish_run(streams, result, start.transcript)


def _run(streams: Streams, wanted: Ready, interrupts: Interrupts) -> RunResult:
    start, prepared = wanted.start, wanted.prepared
    streams.show(heading(prepared.recipe.name, prepared.station.name, prepared.mode), "")
    with (
        open_transcript(start.transcript or None, is_followed=True) as transcript,
        RunFollower(streams, prepared, interrupts, wanted.answers) as follower,
    ):
        wishes = Wishes(
            follower,
            faults=start.faults,
            transcript=transcript,
            recording=wanted.recording,
            answering=follower.prompt,
        )
        return execute(prepared, start.seed, way_of(wanted), wishes).result


def _told(unfit: Unfit) -> NotStarted:
    known = unfit.known if isinstance(unfit, InterruptedRun) else None
    problems = [problem.as_json() for problem in unfit.problems]
    text = unfit.problems[0].what
    return NotStarted({"problems": problems, "text": text, "exit_code": unfit.exit_code, "interrupted": known})


if __name__ == "__main__":
    with here():
        main()
