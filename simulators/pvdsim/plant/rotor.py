"""The turbo's rotor: run-up, coast, and the drag of gas (run-up linear, physics 3.1)."""

from pvdsim.settings import Pumps

DRAG_FROM_FORELINE_MBAR = 5.0
DRAG_FROM_INLET_MBAR = 0.1
HOLDS_AT_INLET_MBAR = 0.5  # here drag equals the motor's torque; so it does at twice the fore-line value
SHORTEST_STOP_S = 5.0
PUMPS_ABOVE = 0.5  # share of full speed below which nothing is compressed


class Rotor:
    """Speed of the turbo, Hz, and the number of its error (0 = none)."""

    __slots__ = ("_coast_s", "_nominal", "_run_up_s", "error", "hz", "settles_hz", "share")

    def __init__(self, settings: Pumps, *, at_speed: bool) -> None:
        self._nominal = settings.turbo.nominal
        self._run_up_s = settings.run_up
        self._coast_s = settings.coast
        self.error = 0
        self.settles_hz = self._nominal if at_speed else 0.0
        """Speed it is driven to."""
        self.hz = self._nominal if at_speed else 0.0
        self.share = self.hz / self._nominal
        """Share of the full pumping speed; 0 below half speed."""

    def drive(self, *, on: bool) -> None:
        """Switch the motor; one with an error stays off."""
        self.settles_hz = self._nominal if on and not self.error else 0.0

    def fail(self, error: int) -> None:
        """Set the error number (0 = none); it switches the motor off."""
        self.error = error
        if error:
            self.settles_hz = 0.0

    def step(self, step_s: float, inlet_mbar: float, foreline_mbar: float) -> None:
        """Move on by one step with gas at inlet and outlet."""
        torque = 1 / self._run_up_s if self.settles_hz else -1 / self._coast_s
        inlet = max(0.0, inlet_mbar - DRAG_FROM_INLET_MBAR) / (HOLDS_AT_INLET_MBAR - DRAG_FROM_INLET_MBAR)
        outlet = max(0.0, foreline_mbar - DRAG_FROM_FORELINE_MBAR) / DRAG_FROM_FORELINE_MBAR
        drag = min((inlet + outlet) / self._run_up_s, 1 / SHORTEST_STOP_S)
        turn = min(1.0, max(0.0, self.hz / self._nominal + (torque - drag) * step_s))
        self.hz = turn * self._nominal
        self.share = turn if turn >= PUMPS_ABOVE else 0.0
