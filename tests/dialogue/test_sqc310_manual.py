"""The SQC-310 by hand: nothing without a permit, power within the source's limits, the loop closed only on vapour."""

import pytest
from sqc310_bench import Desk

from pvdstation.model.messages import ActionKind, ManualKind, ManualOrder
from pvdstation.model.signals import Position, Quality
from pvdstation.protocol.sqc310_phases import Phase

FOREVER = 2**62


@pytest.fixture
def desk():
    return Desk.simulated()


def by_hand(desk, kind, number=0, value=0.0, permit_until_ns=FOREVER):
    return desk.act(ActionKind.SQC_MANUAL, manual=ManualOrder(kind, number, value, permit_until_ns))


def shutter_is(desk, position, quality=Quality.GOOD):
    number = desk.signals.number["source_shutter.Zn"]
    desk.board.post(number, float(position), quality, desk.clock.now_ns())


@pytest.mark.parametrize("kind", [kind for kind in ManualKind if kind is not ManualKind.RELEASE_RELAYS])
def test_nothing_is_done_after_the_permit_has_run_out(desk, kind):
    desk.bring_to(Phase.DEPOSIT)
    is_done, text = by_hand(desk, kind, 1, 10.0, permit_until_ns=desk.clock.now_ns())
    assert (is_done, text) == (False, f"{kind.replace('_', ' ')} by hand is not permitted now")
    assert desk.world.sent == ["V?"]


def test_releasing_needs_no_permit(desk):
    assert by_hand(desk, ManualKind.RELEASE_RELAYS, permit_until_ns=0) == (True, "no relay was held")


def test_action_without_an_order_is_declined(desk):
    assert desk.act(ActionKind.SQC_MANUAL) == (False, "no manual order was given")


def test_power_is_set_in_tenths_of_a_percent_and_read_back(desk):
    desk.bring_to(Phase.SOAK_1)
    assert by_hand(desk, ManualKind.POWER, 1, 30.0) == (True, "output 1 at 30.00 % by hand")
    assert desk.world.sent == ["V?", "S1 300", "S? 1"]
    assert (desk.instrument.sequence.phase, desk.bench.analogue[1]) == (Phase.MANUAL_POWER, 30.0)


@pytest.mark.parametrize("value", [51.7, -0.1, float("nan")])
def test_power_outside_the_sources_limits_is_not_sent(desk, value):
    desk.bring_to(Phase.SOAK_1)
    is_done, text = by_hand(desk, ManualKind.POWER, 1, value)
    assert not is_done
    assert "is outside 0 to 51.6 %, the source's maximum" in text
    assert desk.world.sent == ["V?"]


def test_power_of_an_output_without_a_source_is_not_sent(desk):
    desk.bring_to(Phase.SOAK_1)
    assert by_hand(desk, ManualKind.POWER, 3, 10.0) == (False, "output 3 belongs to no source of this station")


def test_power_needs_a_running_process(desk):
    assert by_hand(desk, ManualKind.POWER, 1, 10.0) == (
        False,
        "the unit is stopped: power by hand needs a running process",
    )
    assert desk.world.sent == ["V?"]


def test_power_that_the_unit_does_not_show_is_told(desk):
    desk.bring_to(Phase.SOAK_1)
    desk.instrument.sequence.set_power = lambda output, power_pct: None
    assert by_hand(desk, ManualKind.POWER, 1, 30.0) == (False, "output 1 is at 25.80 %, expected 30.0 %")


def test_loop_closes_with_the_source_shutter_open_and_a_rate(desk):
    desk.bring_to(Phase.DEPOSIT)
    by_hand(desk, ManualKind.POWER, 1, 40.0)
    shutter_is(desk, Position.OPEN)
    assert by_hand(desk, ManualKind.REGULATE, 1, 0.5) == (True, "the unit regulates, phase 13 (deposit)")
    assert desk.world.sent[-4:] == ["V?", "K1", "S0", "V?"]


@pytest.mark.parametrize(
    ("position", "quality"),
    [(Position.CLOSED, Quality.GOOD), (Position.MOVING, Quality.GOOD), (Position.OPEN, Quality.COMM_FAULT)],
)
def test_loop_does_not_close_on_a_covered_source(desk, position, quality):
    desk.bring_to(Phase.DEPOSIT)
    by_hand(desk, ManualKind.POWER, 1, 40.0)
    shutter_is(desk, position, quality)
    assert by_hand(desk, ManualKind.REGULATE, 1, 0.5) == (False, "the source shutter is not confirmed open")
    assert "S0" not in desk.world.sent


def test_loop_does_not_close_on_an_old_switch_reading(desk):
    desk.bring_to(Phase.DEPOSIT)
    shutter_is(desk, Position.OPEN)
    desk.wait(2.0)
    by_hand(desk, ManualKind.POWER, 1, 40.0)
    assert by_hand(desk, ManualKind.REGULATE, 1, 0.5) == (False, "the source shutter is not confirmed open")


def test_loop_does_not_close_without_a_rate(desk):
    desk.bring_to(Phase.DEPOSIT)
    by_hand(desk, ManualKind.POWER, 1, 40.0)
    desk.bench.loss_hz_s[1] = 0.0
    desk.wait(20.0)
    shutter_is(desk, Position.OPEN)
    is_done, text = by_hand(desk, ManualKind.REGULATE, 1, 0.5)
    assert (is_done, text) == (False, "the rate is 0.000 nm/s, below 20% of 0.5 nm/s")
    assert "S0" not in desk.world.sent


def test_loop_closes_from_manual_power_only(desk):
    desk.bring_to(Phase.DEPOSIT)
    shutter_is(desk, Position.OPEN)
    assert by_hand(desk, ManualKind.REGULATE, 1, 0.5) == (
        False,
        "the unit is in phase 13 (deposit), not in manual power",
    )


def test_counters_are_zeroed(desk):
    desk.bring_to(Phase.DEPOSIT)
    desk.wait(10.0)
    assert by_hand(desk, ManualKind.ZERO_THICKNESS) == (True, "thickness zeroed")
    assert by_hand(desk, ManualKind.ZERO_TIME) == (True, "time zeroed")
    desk.poll()
    assert desk.value("sqc.output.1.thickness") == 0.0
    assert [message for message in desk.world.sent if message.startswith("U")] == ["U32", "U33"]


def test_soak_hold_waits_at_soak_power_until_it_is_taken_back(desk):
    desk.bring_to(Phase.SOAK_2)
    assert by_hand(desk, ManualKind.SOAK_HOLD, value=1.0) == (True, "soak hold on")
    desk.wait(200.0)
    assert desk.instrument.sequence.phase is Phase.SOAK_HOLD
    assert by_hand(desk, ManualKind.SOAK_HOLD, value=0.0) == (True, "soak hold off")
    desk.wait(0.5)
    assert desk.instrument.sequence.phase is Phase.SHUTTER_DELAY


def test_soak_hold_is_for_conditioning(desk):
    assert by_hand(desk, ManualKind.SOAK_HOLD, value=1.0) == (
        False,
        "the unit is in phase 0 (stopped), not conditioning",
    )


def test_power_whose_answer_was_lost_is_unknown_and_not_repeated_by_itself(desk):
    desk.bring_to(Phase.SOAK_1)
    desk.world.lose_reply.append("S1 300")
    assert by_hand(desk, ManualKind.POWER, 1, 30.0) == (False, "no answer to S1 300")
    assert desk.world.sent.count("S1 300") == 1
