"""What either runtime gives back."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pvdstation.control.decision import Decision
from pvdstation.runtime.turn import LinkWorker


class LinkReport(NamedTuple):
    """One link's counters at the end, and why it is lost (empty while it answers)."""

    exchanges: int
    misses: int
    surplus: int
    lost: int
    last_round_trip_ns: int
    fault: str


class RunOutcome(NamedTuple):
    """How a run of the scan went; what the run made is in its events."""

    ended: bool  # the core said that the run is over; False: stopped from outside, or the longest time was reached
    scans: int
    late_scans: int  # slots of the scan that passed without one
    now_ns: int  # plant time of the last scan
    last: Decision | None
    links: Mapping[str, LinkReport]


def report_links(workers: Sequence[LinkWorker]) -> dict[str, LinkReport]:
    """Return the counters of all links, by name."""
    reports = {}
    for worker in workers:
        counted = worker.statistics
        reports[worker.name] = LinkReport(
            counted.exchanges, counted.misses, counted.surplus, counted.lost, counted.last_round_trip_ns, worker.fault
        )
    return reports
