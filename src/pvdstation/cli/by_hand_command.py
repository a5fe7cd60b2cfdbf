"""``pvd by-hand``: begins a session in which ``pvd set``, or the screen, moves each output; the same rules decide."""

import time

from pvdstation.assembly.core.meeting import NotStarted, meet_or_start
from pvdstation.cli.asking_command import Place
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.meeting import Unmet, unmet, where_of
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.run_command import BEGINS_WITHIN_S
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client
from pvdstation.desk.line import DeskError
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Refused as RefusedByCore
from pvdstation.model.messages import Verb
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.read_back import problem_of
from pvdstation.record.results import refused

NAME = "pvd by-hand"


def run_by_hand(streams: Streams, start: Start, place: Place) -> ExitCode:
    """Begin the session, in the core that runs or in a new one; return the exit code."""
    try:
        met = meet_or_start(where_of(*place), NAME, start)
        with met.client as client:
            run = met.run.partition("\n")[0]
            if not run:
                answer = client.ask(Verb.START, form=start.as_form(), timeout_s=BEGINS_WITHIN_S)
                if isinstance(answer, RefusedByCore):
                    return _refused(streams, answer)
                run = answer.text.partition("\n")[0]
            _wait_until_it_runs(client, run)
    except NotStarted as error:
        return _refused(streams, error)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    except DeskError as error:
        problem: Unmet = unmet(streams, error)
        return problem.code
    if streams.json:
        streams.document({"outcome": "accepted", "run": run, "errors": []})
    streams.show(f"run {run} has begun: work by hand", '"pvd set OUTPUT VALUE" moves one, "pvd stop" ends it, all off')
    return ExitCode.COMPLETE


def _wait_until_it_runs(client: Client, run: str) -> None:
    """Return when the checks of the start are passed, or have failed. Raises DeskError."""
    deadline_s = time.monotonic() + BEGINS_WITHIN_S
    while time.monotonic() < deadline_s:
        news = client.news(1.0)
        if isinstance(news, Snapshot) and news.run == run and news.state != "starting":
            return


def _refused(streams: Streams, error: NotStarted | RefusedByCore) -> ExitCode:
    problems = [problem_of(problem) for problem in error.problems] or [Problem("by hand", error.text)]
    finish_refused(streams, refused(problems), [])
    return ExitCode(error.exit_code)
