"""A boat alone with its loop, at the scan's pace: closed until it is steady, then excited. Much less than a run."""

import math
from random import Random

from plant_bench import simulation

from pvdsim.plant.boat import Boat
from pvdstation.record.tuning.answer import Answer

STEP_S = 0.025
PERIOD_S = 0.25
PER_SCAN = round(PERIOD_S / STEP_S)
SET_NM_S = 0.5
CRYSTAL_NM = {1: 0.00052, 2: 0.00695}
"""Noise of one reading of the crystal as thickness, 1 sigma (physics 1.8)."""


class Loop:
    """PI on ln(rate) as the station file has it; full scale is 100 A, so % are A."""

    def __init__(self, number: int, seed: int, gain: float, ti: float, start_pct: float) -> None:
        self.random = Random(seed)
        self.boat = Boat(number, simulation().boats[number], 300.0, STEP_S, Random(seed + 1))
        self.boat.limit_v = 1.0
        self.boat.wake(0)
        self.gain, self.ti = gain, ti
        self.drive = self.integral = start_pct
        self.film_nm, self.noise_nm = 0.0, CRYSTAL_NM[number]
        self.seen: list[float] = []
        self.rate = math.nan
        self.steps = 0
        self.rows: list[tuple[float, float, float]] = []

    def scan(self, drive: float | None = None) -> None:
        """Do one scan: measure, decide, let the boat go on. ``drive``: open loop."""
        for _ in range(PER_SCAN):
            self.steps += 1
            self.boat.step(round(self.steps * STEP_S * 1e9))
            self.film_nm += self.boat.rate_nm_s * STEP_S
        self.seen = [*self.seen[-4:], self.film_nm + self.random.gauss(0.0, self.noise_nm)]
        if len(self.seen) == 5:
            slope = sum((k - 2) * nm for k, nm in enumerate(self.seen)) / 10 / PERIOD_S
            self.rate = slope if math.isnan(self.rate) else 0.5 * slope + 0.5 * self.rate
        if drive is not None:
            self.drive = drive
        elif not math.isnan(self.rate):
            error = max(-0.3, min(0.3, math.log(SET_NM_S / max(self.rate, 0.05 * SET_NM_S))))
            self.integral += self.gain * error * PERIOD_S / self.ti
            self.drive += max(-0.5, min(0.5, self.integral + self.gain * error - self.drive))
        self.boat.demand_a = self.drive
        self.rows.append((self.steps * STEP_S, self.drive, self.rate))

    def answer(self, method: str, amplitude: float, since: int) -> Answer:
        """Return the scans from one on."""
        at_s, drive, rate = zip(*self.rows[since:], strict=True)
        return Answer("Zn", "host", method, SET_NM_S, amplitude, tuple(t - at_s[0] for t in at_s), drive, rate, ())


def settled(number: int, seed: int) -> Loop:
    """Return a loop that has held the rate for a while, as after capture."""
    start, gain, ti = ((41.7, 9.0, 14.0), (27.1, 8.0, 11.0))[number - 1]
    loop = Loop(number, seed, gain, ti, start)
    for scan in range(4 * 300):
        loop.scan(start * min(1.0, scan / 4 / 60))
    for _ in range(4 * 60):
        loop.scan()
    return loop


def stepped(number: int, seed: int, amplitude: float, hold_s: float) -> Answer:
    """Return the answer to a step up and back from the mean drive."""
    loop = settled(number, seed)
    drives = [drive for _t, drive, _rate in loop.rows[-80:]]
    base, since = sum(drives) / len(drives), len(loop.rows)
    for level in (base, base + amplitude, base):
        for _ in range(round(hold_s / PERIOD_S)):
            loop.scan(level)
    return loop.answer("step", amplitude, since)


def relayed(number: int, seed: int, amplitude: float, hysteresis: float, lasts_s: float) -> Answer:
    """Return the oscillation between two drives around the mean one."""
    loop = settled(number, seed)
    drives = [drive for _t, drive, _rate in loop.rows[-80:]]
    rates = [math.log(rate) for _t, _drive, rate in loop.rows[-80:]]
    base, middle, since = sum(drives) / len(drives), sum(rates) / len(rates), len(loop.rows)
    sign = 1.0
    for _ in range(round(lasts_s / PERIOD_S)):
        off = math.log(loop.rate) - middle
        sign = -1.0 if off > hysteresis else 1.0 if off < -hysteresis else sign
        wanted = base + sign * amplitude
        loop.scan(max(loop.drive - 0.5, min(loop.drive + 0.5, wanted)))
    return loop.answer("relay", amplitude, since)
