import pytest
from power_bench import VALUES, PowerBench, values_with

from pvdsim.instruments import coupler
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.protocol import modbus
from pvdstation.protocol.modbus import Answer, Call

CLOSED = values_with("simulation", "start", "fore_line", "valve", "closed")


class Talk:
    """Asks a coupler, 1 ms apart."""

    def __init__(self, values=CLOSED) -> None:
        self.bench = PowerBench()
        self.unit = coupler.build(values, self.bench, 1)
        self.host = modbus.Host(1)
        self.now_ns = 0

    def ask(self, *call) -> Answer:
        self.now_ns += MILLISECOND
        exchange = self.host.ask(Call(*call))
        ((_, frame),) = self.unit.receive(exchange.frame, self.now_ns)
        return exchange.answer(frame)

    def put(self, address: int, value: int) -> Answer:
        return self.ask(6, address, 1, 0, (value,))

    def get(self, address: int) -> int:
        (value,) = self.ask(3, address).registers
        return value

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * SECOND)
        while self.unit.due_ns <= self.now_ns:
            self.bench.now_ns = self.unit.due_ns
            self.unit.advance_to(self.unit.due_ns)

    def arm(self, ticks: int = 30, mask: int = 0x20) -> None:
        for address, value in ((0x1008, 0x55AA), (0x1000, ticks), (0x1001, mask), (0x1003, 1)):
            assert self.put(address, value) == Answer()
        assert self.get(0x1006) == 1


def test_each_question_takes_2_ms_one_after_the_other():
    unit = Talk().unit
    two = modbus.Host(1)
    frames = two.ask(Call(2, 0, 22)).frame + two.ask(Call(1, 0x200, 12)).frame
    assert [at_ns for at_ns, _ in unit.receive(frames, 0)] == [2 * MILLISECOND, 4 * MILLISECOND]
    byte_by_byte = [reply for n, byte in enumerate(frames) for reply in Talk().unit.receive(bytes([byte]), n)]
    assert byte_by_byte == []


def test_a_coil_written_at_11_is_not_read_back_at_11():
    talk = Talk()
    assert talk.ask(5, 11, 1, 1) == Answer()
    assert talk.ask(1, 11, 1).bits == 0
    assert talk.ask(1, 0x0200 + 11, 1).bits == 1
    assert talk.bench.commands == [("beacon", True, talk.now_ns - 2 * MILLISECOND)]


def test_outputs_start_as_the_plant_does():
    assert Talk().ask(1, 0x0200, 12).bits == 0
    assert Talk(VALUES).ask(1, 0x0200, 12).bits == 1 << VALUES["io"]["do"].index("fore-line")


def test_inputs_are_the_contacts_in_wiring_order():
    talk = Talk()
    for place, name in enumerate(VALUES["io"]["di"]):
        talk.bench.contacts = dict.fromkeys(VALUES["io"]["di"], False) | {name: True}
        assert talk.ask(2, 0, 22).bits == 1 << place
        assert talk.ask(1, 0, 22).bits == 1 << place
        assert talk.ask(4, place // 16, 1).registers == (1 << place % 16,)


@pytest.mark.parametrize("base", [0, 0x0200])
def test_only_outputs_that_change_are_switched_at_the_time_of_arrival(base):
    talk = Talk()
    talk.ask(15, base, 12, 0b0000_0000_0101)
    talk.ask(15, base, 12, 0b0000_0000_0110)
    assert [(name, on) for name, on, _ in talk.bench.commands] == [
        ("source shutter 1", True),
        ("substrate shutter", True),
        ("source shutter 1", False),
        ("source shutter 2", True),
    ]
    assert [at_ns for _, _, at_ns in talk.bench.commands] == [MILLISECOND] * 2 + [2 * MILLISECOND] * 2
    assert talk.ask(3, 0x0200).registers == (6,)


def test_words_and_bits_are_one_output_image():
    talk = Talk()
    talk.ask(16, 0x0200, 1, 0, (0x0801,))
    assert talk.ask(1, 0x0200, 16).bits == 0x0801
    talk.ask(5, 0x0200 + 11, 1, 0)
    assert talk.get(0x0200) == 1


def test_the_coupler_describes_itself():
    talk = Talk()
    assert talk.get(0x2002) == 0x1234
    assert talk.ask(3, 0x2000, 9).registers[-1] == 0x4000
    assert (talk.get(0x1024), talk.get(0x1025), talk.get(0x1022), talk.get(0x1023)) == (16, 24, 0, 0)
    assert (talk.get(0x2011), talk.get(0x2012)) == (750, 352)
    assert talk.ask(3, 0x2030, 65).registers[:7] == (352, 0x8802, 0x8802, 0x8801, 0x8801, 0x8801, 0)


@pytest.mark.parametrize(
    "call", [(1, 24, 1), (2, 0, 25), (1, 0x210, 1), (5, 16, 1, 1), (15, 8, 9, 1), (3, 2), (3, 0x5000)]
)
def test_an_address_beyond_the_image_is_refused(call):
    talk = Talk()
    assert talk.ask(*call) == Answer(exception=modbus.ILLEGAL_ADDRESS)
    assert talk.bench.commands == []


def test_the_watchdog_is_off_after_power_up_and_cannot_start_without_a_time():
    talk = Talk()
    assert (talk.get(0x1006), talk.get(0x1000), talk.get(0x1001), talk.get(0x1004)) == (0, 0, 0, 0xFFFF)
    assert talk.put(0x1003, 1) == Answer(exception=modbus.ILLEGAL_VALUE)
    talk.wait(3600)
    assert talk.get(0x1006) == 0


def test_time_and_mask_cannot_be_changed_while_it_runs():
    talk = Talk()
    talk.arm()
    assert talk.put(0x1000, 100).exception
    assert talk.put(0x1001, 0xFFFF).exception
    assert (talk.get(0x1000), talk.get(0x1001)) == (30, 0x20)


def test_reads_do_not_feed_a_watchdog_that_hears_only_fc6():
    talk = Talk()
    talk.ask(15, 0x200, 12, 0xFFF)
    talk.arm()
    for _ in range(5):
        talk.wait(0.5)
        talk.ask(2, 0, 22)
        talk.ask(15, 0x200, 12, 0xFFF)
    talk.wait(0.6)
    assert talk.ask(2, 0, 22) == Answer(exception=modbus.DEVICE_FAILURE)


def test_writes_of_the_trigger_keep_it_running_and_the_least_remaining_time_is_kept():
    talk = Talk()
    talk.arm()
    for beat in range(20):
        talk.wait(1)
        assert talk.put(0x1003, 2 - beat % 2) == Answer()
    assert talk.get(0x1006) == 1
    assert talk.get(0x1004) == 19


def test_with_an_empty_mask_only_a_changed_trigger_feeds_it():
    talk = Talk()
    talk.arm(mask=0)
    talk.wait(2)
    talk.put(0x1003, 2)
    talk.wait(2)
    talk.put(0x1003, 2)
    talk.wait(1.1)
    assert talk.ask(2, 0, 1).exception == modbus.DEVICE_FAILURE


def test_expiry_drops_every_output_at_its_time_and_latches():
    talk = Talk()
    talk.ask(15, 0x200, 12, 0x005)
    talk.arm()
    started_ns = talk.now_ns - MILLISECOND
    talk.wait(3)
    assert talk.bench.commands[-2:] == [
        ("source shutter 1", False, started_ns + 3 * SECOND),
        ("substrate shutter", False, started_ns + 3 * SECOND),
    ]
    for call in ((1, 0x200, 12), (2, 0, 22), (3, 0x1006), (15, 0x200, 12, 1), (6, 0x1003, 1, 0, (2,)), (5, 0, 1, 1)):
        assert talk.ask(*call) == Answer(exception=modbus.DEVICE_FAILURE)


@pytest.mark.parametrize("reset", [[(0x1008, 0x55AA)], [(0x1008, 0xAA55)], [(0x1005, 0xAAAA), (0x1005, 0x5555)]])
def test_a_reset_unlocks_it_with_all_outputs_0(reset):
    talk = Talk()
    talk.ask(15, 0x200, 12, 0xFFF)
    talk.arm()
    talk.wait(3.1)
    for address, value in reset:
        assert talk.put(address, value) == Answer()
    assert talk.get(0x1006) == 0
    assert talk.ask(1, 0x200, 12).bits == 0
    talk.arm()


def test_restart_re_arms_an_expired_watchdog_and_not_a_stopped_one():
    talk = Talk()
    talk.arm()
    talk.wait(3.1)
    assert talk.put(0x1007, 1) == Answer()
    assert talk.get(0x1006) == 1
    talk.put(0x1008, 0x55AA)
    assert talk.put(0x1007, 1).exception


def test_noise_is_dropped_and_the_next_question_answered():
    talk = Talk()
    assert talk.unit.receive(b"\xff" * 1000, 0) == []
    assert talk.get(0x2002) == 0x1234


def test_the_mask_of_the_higher_function_codes_feeds_too():
    talk = Talk()
    assert talk.put(0x1002, 1 << 23 - 17) == Answer()
    talk.arm()
    for _ in range(5):
        talk.wait(2)
        assert not talk.ask(23, 0x200, 1, 0, (0,), 0x200).exception
    talk.wait(2)
    talk.ask(22, 0x200, 1, 0, (0xFFFF, 0))
    talk.wait(1.1)
    assert talk.ask(2, 0, 1).exception == modbus.DEVICE_FAILURE


def test_in_the_alternative_mode_outputs_come_back_with_the_traffic():
    talk = Talk()
    talk.ask(15, 0x200, 12, 0x005)
    assert talk.put(0x1000, 10) == Answer()
    assert talk.put(0x100A, 1) == Answer()
    talk.ask(2, 0, 1)
    talk.wait(1.1)
    assert talk.bench.commands[-1][:2] == ("substrate shutter", False)
    assert not talk.ask(2, 0, 1).exception
    assert talk.ask(1, 0x200, 12).bits == 0x005
    assert talk.bench.commands[-1][:2] == ("substrate shutter", True)


@pytest.mark.parametrize("call", [(15, 0x200, 801, 1), (16, 0x200, 101, 0, (0,) * 101)])
def test_more_than_it_can_write_at_once_is_refused(call):
    talk = Talk()
    assert talk.ask(*call) == Answer(exception=modbus.ILLEGAL_VALUE)
    assert talk.bench.commands == []
