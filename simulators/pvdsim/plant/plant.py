"""The plant: everything that is stepped, on one fixed grid. Commands keep their exact time within a step."""

from collections.abc import Mapping

from pvdsim.bench import Terminals
from pvdsim.plant.contacts import Contacts
from pvdsim.plant.motion import Part
from pvdsim.plant.names import SWITCHED
from pvdsim.plant.reaction import NITRIDE_OF, Reaction
from pvdsim.plant.wiring import build_pieces
from pvdsim.settings import Simulation

STEP_NS = 25_000_000
STEP_S = 0.025
ENABLE = "enable "


class Plant:
    """The simulated plant; a ``Bench`` for the instruments. Moves only by ``advance_to``."""

    def __init__(self, settings: Simulation, seed: int) -> None:
        pieces = build_pieces(settings, seed, STEP_S)
        self.parts = pieces.parts
        self.vacuum = pieces.vacuum
        self.beams = pieces.beams
        self.crystals = pieces.crystals
        self._sources = list(zip(pieces.beams, pieces.degassings, strict=True))
        self.now_ns = 0
        self.boats: dict[int, Terminals] = {beam.boat.number: beam.boat for beam in self.beams}
        self.analogue = dict.fromkeys(self.boats, 0.0)
        self.contacts = Contacts(self.parts, self.vacuum, list(self.boats), settings.vent.over_pressure_switch)
        self.reaction = Reaction(settings.reaction)
        self._moving: list[Part] = []
        self._wanted = {name: part.is_driven for name, part in self.parts.items()}
        self._in_series: dict[str, bool] = {}  # contacts of others in an actuator's coil, and whether they are closed
        self._pump_may_run = self.vacuum.is_backed

    # --- what the instruments see ---

    @property
    def chamber_mbar(self) -> float:
        """Return the pressure in the chamber, mbar."""
        return self.vacuum.chamber_mbar

    @property
    def foreline_mbar(self) -> float:
        """Return the pressure in the fore-line, mbar."""
        return self.vacuum.foreline_mbar

    @property
    def argon_fraction(self) -> float:
        """Return the share of argon in the chamber's gas, 0 to 1."""
        return self.vacuum.argon_fraction

    @property
    def turbo_hz(self) -> float:
        """Return the turbo's speed, Hz."""
        return self.vacuum.rotor.hz

    @property
    def turbo_error(self) -> int:
        """Return the number of the turbo's error; 0 = none."""
        return self.vacuum.rotor.error

    def turbo_motor(self, *, on: bool) -> None:
        """Switch the turbo's motor."""
        self.vacuum.rotor.drive(on=on)

    def contact(self, name: str) -> bool:
        """Return a contact by its name in ``[io] di``. Raises KeyError for one that is not wired."""
        return self.contacts.read(name)

    def crystal_frequency(self, sensor: int) -> float:
        """Return one reading of a crystal, Hz; 0.0 from a dead one. Draws new noise."""
        return self.crystals[sensor].read(self.now_ns, self.vacuum.chamber_mbar, self.reaction.share)

    def command(self, actuator: str, *, on: bool, at_ns: int) -> None:
        """Switch an actuator by its name in ``[io] do``. Raises KeyError for one that is not wired."""
        if actuator in self.parts:
            self._wanted[actuator] = on
            self._drive(actuator, at_ns)
        elif actuator.startswith(ENABLE):
            self.contacts.want_enable(int(actuator.removeprefix(ENABLE)), on=on)
        elif actuator == "backing pump stop":
            self._pump_may_run = not on
            self._settle_pump()
        elif actuator not in SWITCHED:
            raise KeyError(actuator)

    def bridge(self, actuator: str, *, closed: bool) -> None:
        """Wire another instrument's contact in series with an actuator's, or move it. Raises KeyError."""
        self._in_series[actuator] = closed
        self._drive(actuator, self.now_ns)

    # --- faults ---

    def set_health(self, name: str, *, healthy: bool) -> None:
        """Break or mend a contact of the outside world (``names.OUTSIDE``). Raises KeyError."""
        self.contacts.set_health(name, healthy=healthy, now_ns=self.now_ns)
        self._settle_pump()
        for actuator in self.parts:
            self._drive(actuator, self.now_ns)

    def set_stuck(self, actuator: str, *, stuck: bool) -> None:
        """Let a part stay where it is, or move again to where it is driven. Raises KeyError."""
        part = self.parts[actuator]
        if stuck:
            part.is_stuck = True
            return
        part.free(self.now_ns)
        if part not in self._moving:
            self._moving.append(part)

    # --- motion ---

    def _settle_pump(self) -> None:
        self.vacuum.is_backed = self._pump_may_run and self.contacts.is_healthy("backing running")

    def _drive(self, actuator: str, at_ns: int) -> None:
        """Drive a part: springs close it without air; the N2 coil hangs on the gate's closed switch."""
        on = self._wanted[actuator] and self.contacts.is_healthy("air") and self._in_series.get(actuator, True)
        if actuator == "N2":
            on = on and self.parts["gate"].stands_closed() and self.contacts.read("over-pressure ok")
        part = self.parts[actuator]
        if part.drive(on=on, at_ns=at_ns) and part not in self._moving:
            self._moving.append(part)

    def _move(self, start_ns: int, end_ns: int) -> None:
        self._moving = [part for part in self._moving if part.advance(start_ns, end_ns)]

    # --- time ---

    def advance_to(self, end_ns: int) -> None:
        """Step to a time on the grid, ns."""
        now_ns = self.now_ns
        vacuum, reaction, sources = self.vacuum, self.reaction, self._sources
        while now_ns < end_ns:
            next_ns = now_ns + STEP_NS
            if self._moving:
                self._move(now_ns, next_ns)
            gas = 0.0
            for beam, degassing in sources:
                boat = beam.boat
                if boat.is_active:
                    boat.step(next_ns)
                    gas += degassing.step()
                    if boat.rate_nm_s > 0.0 and beam.shutter.mean > 0.0:
                        grown = beam.step(STEP_S)
                        if grown > 0.0 and boat.material == NITRIDE_OF:
                            reaction.dilute(beam.film_nm - grown, beam.film_nm)
                elif boat.demand_a > 0.0:
                    boat.wake(now_ns)
            vacuum.step(next_ns, gas)
            if vacuum.nitrogen_mbar > 1.0:
                reaction.expose(vacuum.nitrogen_mbar, STEP_S)
            if self._wanted["N2"]:
                self._drive("N2", next_ns)
            if next_ns >= self.contacts.due_ns:
                self.contacts.drop_out()
            now_ns = next_ns
            self.now_ns = now_ns

    def truth(self) -> Mapping[str, float]:
        """Return what only a simulation knows (``pvdstation.model.simulation.World.truth``)."""
        known = {"pressure.chamber": self.vacuum.chamber_mbar, "pressure.foreline": self.vacuum.foreline_mbar}
        for beam in self.beams:
            boat = beam.boat
            known[f"film.{boat.material}"] = known.get(f"film.{boat.material}", 0.0) + beam.film_nm
            known[f"charge.{boat.material}"] = boat.charge_kg * 1e6
            known[f"rate.{boat.material}"] = boat.rate_nm_s
            known[f"current.{boat.number}"] = boat.current_a
        known["li3n"] = self.reaction.nitride_nm(known.get(f"film.{NITRIDE_OF}", 0.0))
        return known
