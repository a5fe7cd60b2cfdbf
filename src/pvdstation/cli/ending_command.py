"""``pvd stop`` and ``pvd abort``: from anybody, to a core of any version, and back when the state is reached."""

import time

from pvdstation.assembly.about import login_name
from pvdstation.assembly.core.meeting import address, meet
from pvdstation.cli.asking_command import Place, finish_answer
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.following import Following, Lost
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.meeting import OVER, Standing, unmet, where_of
from pvdstation.cli.result_text import closing
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client, ask_urgently
from pvdstation.desk.line import DeskError, OtherVersion
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Accepted, Refused
from pvdstation.model.messages import Verb
from pvdstation.model.problems import Refused as RefusedInput

_AT_REST_S = 150.0
"""After so long a core gives up waiting for its safe state, and goes on trying."""
_LOOK_S = 0.5


def run_end(streams: Streams, place: Place, verb: Verb, reason: str, *, waits: bool) -> ExitCode:
    """Ask at once, then follow until the run has ended, and show how; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        try:
            answer = ask_urgently(address(where_of(*place)), verb, f"pvd {verb}", person=login_name(), reason=reason)
            if isinstance(answer, Refused) or not waits:
                return finish_answer(streams, verb, answer)
            return _followed(streams, place, verb, answer, interrupts)
        except (DeskError, RefusedInput) as error:
            return unmet(streams, error).code


def _followed(streams: Streams, place: Place, verb: Verb, answer: Accepted, interrupts: Interrupts) -> ExitCode:
    """Print what happens until the state is reached; return the exit code. Raises DeskError."""
    try:
        client = meet(where_of(*place), f"pvd {verb}")
    except OtherVersion as other:
        streams.note(f"it cannot be followed from here: {other}")
        return finish_answer(streams, verb, answer)
    with client:
        standing = Standing(client)
        if not standing.snapshot.run:  # no run: a start was cancelled, or an idle station brought to its safe state
            return _at_rest(streams, verb, answer, client, standing.snapshot)
        after = standing.last_request - 1
        following = Following(client, standing.snapshot.run, streams, interrupts, told=standing.told, after=after)
        try:
            result = following.to_the_end()
        except Lost as lost:
            streams.note(f"{verb} was accepted, but how it ended is not known: {lost}")
            return ExitCode.NOT_SAFE
    if result is None:
        streams.note(f'the {verb} goes on; "pvd attach" follows it')
        return ExitCode.OPERATOR
    if streams.json:
        streams.document(result.as_json())
    streams.show("", closing(result))
    return ExitCode.COMPLETE if result.safe else ExitCode.NOT_SAFE


def _at_rest(streams: Streams, verb: Verb, answer: Accepted, client: Client, shown: Snapshot) -> ExitCode:
    """Wait until nothing goes on any more; return the exit code."""
    deadline_s = time.monotonic() + _AT_REST_S
    while shown.state not in OVER:
        if time.monotonic() > deadline_s:
            streams.note(f"{verb} was accepted, and after {_AT_REST_S:g} s the station is still {shown.state}")
            return ExitCode.NOT_SAFE
        news = client.news(_LOOK_S)
        shown = news if isinstance(news, Snapshot) else shown
    return finish_answer(streams, verb, answer)
