"""Which run goes on from which: the later one says so in its first row, the earlier one is never written to again."""

from pvdstation.model.problems import Refused
from pvdstation.record.opened import DAMAGED
from pvdstation.record.run_file import RunFile, first_files


def continues(run: RunFile) -> str:
    """Return the run that a run goes on from; empty when it began anew."""
    return str(run.genesis.get("continues", {}).get("run", ""))


def continued_by(run: RunFile) -> str:
    """Return the newest run that goes on from a run; empty when there is none."""
    following = (other.run for other in followers(run) if continues(other) == run.run)
    return max(following, default="")


def followers(run: RunFile) -> list[RunFile]:
    """Return the later runs of the same station beside a run, oldest first; what cannot be read is left out."""
    later = []
    for path in first_files(run.path.parent):
        if path.stem <= run.path.stem:
            continue
        try:
            found = RunFile(path)
        except (Refused, *DAMAGED):
            continue
        if found.genesis["station"]["name"] == run.genesis["station"]["name"]:
            later.append(found)
    return later


def link_words(run: RunFile, *, is_ended: bool) -> list[str]:
    """Return in sentences what a run goes on from, and what goes on from it."""
    words, genesis = [], run.genesis.get("continues")
    if genesis:
        film = genesis.get("film")
        where = f" at layer {film['layer']}, {film['film_nm']} nm {film['material']}" if film else ""
        words.append(f"it continues the run {genesis['run']}{where}")
    by = "" if is_ended else continued_by(run)
    return [*words, f"the run {by} continues it"] if by else words
