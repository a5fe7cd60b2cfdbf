"""SQC-310, supply and plant together: the unit closes the rate loop over the boat (station and sequence 4)."""

import pytest
from plant_bench import SECOND_NS, station_values

from pvdsim.world import World, open_world
from pvdstation.protocol import sqc310

PERIOD_NS = 250_000_000


class Unit:
    """Bytes to the SQC-310 and one supply, with the enable contact closed by hand."""

    def __init__(self, number: int) -> None:
        world = open_world(station_values(), 1)
        assert isinstance(world, World)
        self.world, self.number = world, number
        self.now_ns = 0
        self._framer = sqc310.ReplyFramer()
        self.wait(1)
        world.plant.command(f"enable {number}", on=True, at_ns=self.now_ns)
        for line in ("SYST:REM LLO", "VOLT 1.0", "VOLT:PROT:LEV 1.6", "POW:LEV 30", "OUTP 1"):
            world.receive(f"supply{number}", f"{line}\n".encode(), self.now_ns)

    def ask(self, message: str) -> str:
        replies = self.world.receive("sqc", sqc310.encode_command(message), self.now_ns)
        (answer,) = (sqc310.decode_reply(frame) for _, data in replies for frame in self._framer.feed(data))
        assert answer.status == "A", (message, answer)
        return answer.payload

    def wait(self, seconds: float) -> None:
        end_ns = self.now_ns + round(seconds * SECOND_NS)
        while self.now_ns < end_ns:
            self.now_ns += PERIOD_NS
            self.world.advance_to(self.now_ns)

    @property
    def phase(self) -> int:
        return int(self.ask("V?").split()[0])

    def wait_for(self, phase: int, within_s: float) -> float:
        start_ns = self.now_ns
        while self.phase != phase:
            assert self.now_ns - start_ns < within_s * SECOND_NS, f"still in phase {self.phase}"
            self.wait(0.25)
        return (self.now_ns - start_ns) / SECOND_NS


# boat, P, I, set-point and backstop as the host writes them; material, when the rate is captured
@pytest.mark.parametrize(
    ("number", "loop", "layer", "material", "captured_s"),
    [(1, "1,18 2,140", "1,500 2,4800", "Zn", 33), (2, "1,16 2,110", "1,500 2,2800", "Li", 25)],
)
def test_the_unit_captures_the_rate_and_holds_it(number, loop, layer, material, captured_s) -> None:
    unit = Unit(number)
    for message in ("@", f"A2 {number} {loop}", f"D{number} {layer}", f"T{number}", "U0"):
        unit.ask(message)
    unit.wait_for(10, within_s=200)
    unit.wait(100)
    unit.world.plant.command(f"source shutter {number}", on=True, at_ns=unit.now_ns)
    unit.wait_for(12, within_s=120)
    assert unit.wait_for(13, within_s=60) == pytest.approx(captured_s, abs=5)  # noise on 5 s within the band
    unit.wait(30)
    rates = []
    for _ in range(60):
        unit.wait(1)
        rates.append(unit.world.truth()[f"rate.{material}"])
    assert sum(rates) / 60 == pytest.approx(0.5, rel=0.02)
    assert max(abs(rate - 0.5) for rate in rates) < 0.05


def test_the_energy_ends_with_the_enable_contact_whatever_the_unit_wants() -> None:
    unit = Unit(1)
    for message in ("@", "T1", "U0"):
        unit.ask(message)
    unit.wait(30)
    assert unit.world.truth()["current.1"] > 10
    unit.world.plant.set_health("E-stop ok", healthy=False)
    unit.wait(1)
    assert unit.world.truth()["current.1"] < 1
    assert unit.phase == 7
