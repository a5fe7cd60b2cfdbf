"""pymodbus's own client on every simulated I/O: somebody else's idea of the bytes."""

import pytest
from io_stations import adam_6050, adam_6060, generic_words, io_values, relay_boards_rtu, wago_rtu
from power_bench import PowerBench
from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from pvdsim.instruments import switchgear
from pvdstation.model.clock import MILLISECOND, SECOND


class InMemory(ModbusTcpClient):
    """The client with its socket replaced by the instrument; everything above the socket is pymodbus."""

    def __init__(self, values: dict) -> None:
        framer = FramerType.RTU if values["io"].get("transport") == "rtu" else FramerType.SOCKET
        super().__init__("in memory", retries=0, framer=framer, timeout=0.01)
        self.bench = PowerBench()
        self.unit = switchgear.build(values, self.bench, 1)
        self.now_ns = 0
        self.arrived = b""

    @property
    def connected(self) -> bool:
        return True

    def connect(self) -> bool:
        return True

    def close(self) -> None:
        self.arrived = b""

    def send(self, request, addr=None) -> int:
        self.now_ns += MILLISECOND
        self.arrived += b"".join(data for _, data in self.unit.receive(request, self.now_ns))
        return len(request)

    def recv(self, size) -> bytes:
        data, self.arrived = self.arrived, b""
        return data


@pytest.fixture(params=["tcp", "rtu"])
def client(request):
    return InMemory(io_values() if request.param == "tcp" else wago_rtu())


def contacts(client) -> list[bool]:
    return list(client.bench.contacts.values())


def switched(client) -> list[tuple[str, bool]]:
    return [(name, on) for name, on, _ in client.bench.commands]


def test_bits_are_read_and_written(client):
    assert not client.write_coils(0x0200, [True, False, True]).isError()
    assert not client.write_coil(0x0200 + 11, True).isError()
    assert client.read_coils(0x0200, count=12).bits[:12] == [True, False, True, *[False] * 8, True]
    assert [name for name, _, _ in client.bench.commands] == ["source shutter 1", "substrate shutter", "beacon"]
    assert client.read_discrete_inputs(0, count=22).bits[:22] == [
        client.bench.contacts[name] for name in client.bench.contacts
    ]


def test_registers_are_read_and_written(client):
    assert client.read_holding_registers(0x2002).registers == [0x1234]
    assert client.read_input_registers(0x1024, count=2).registers == [16, 24]
    assert not client.write_registers(0x0200, [5]).isError()
    assert client.read_holding_registers(0x0200).registers == [5]


def test_refusals_come_back_as_exceptions(client):
    assert client.read_coils(0x0300, count=1).exception_code == 2
    assert client.write_register(0x1003, 1).exception_code == 3
    assert client.read_exception_status().exception_code == 1


def test_an_expired_watchdog_answers_exception_4_until_it_is_reset(client):
    for address, value in ((0x1000, 10), (0x1001, 0x20), (0x1003, 1)):
        assert not client.write_register(address, value).isError()
    client.now_ns += SECOND
    assert client.read_coils(0x0200, count=1).exception_code == 4
    assert not client.write_register(0x1008, 0x55AA).isError()
    assert client.read_coils(0x0200, count=1).bits[0] is False


def test_masks_and_read_writes_work_on_the_output_word(client):
    assert not client.write_register(0x0200, 0b0110).isError()
    assert not client.mask_write_register(address=0x0200, and_mask=0xFFFD, or_mask=0x0001).isError()
    # (0b0110 AND 0xFFFD) OR (1 AND NOT 0xFFFD): the OR mask acts where the AND mask is 0.
    assert client.read_holding_registers(0x0200).registers == [0b0100]
    both = client.readwrite_registers(read_address=0x0200, read_count=1, write_address=0x0200, values=[0b1000])
    assert both.registers == [0b1000]
    assert switched(client)[-2:] == [("substrate shutter", False), ("N2", True)]


def test_statistics_count_refusals_and_can_be_cleared(client):
    assert not client.write_register(0x1029, 0xAA55).isError()
    client.read_coils(0x0300, count=1)
    client.write_register(0x1003, 1)
    client.read_exception_status()
    client.write_coils(0x0200, [True] * 801)
    words = client.read_holding_registers(0x1029, count=9).registers
    assert words == [0, 0, 0, 1, 1, 1, 0, 1, 5]  # the write that cleared them is counted after it
    assert not client.write_register(0x1029, 0x55AA).isError()
    assert client.read_holding_registers(0x1029, count=9).registers == [0] * 8 + [1]


def test_adam_6050_modules_behind_a_gateway():
    client = InMemory(adam_6050())
    first, second = {"device_id": 1}, {"device_id": 2}
    assert client.read_discrete_inputs(0, count=12, **first).bits[:12] == contacts(client)[:12]
    assert client.read_discrete_inputs(0, count=10, **second).bits[:10] == contacts(client)[12:]
    assert client.read_coils(0, count=12, **first).exception_code == 2
    assert not client.write_coil(16, True, **first).isError()
    assert not client.write_coils(16, [False] * 5 + [True], **second).isError()
    assert switched(client) == [("source shutter 1", True), ("beacon", True)]
    assert client.read_coils(16, count=6, **second).bits[:6] == [False] * 5 + [True]
    assert client.read_holding_registers(302, **second).registers == [0b100000]
    assert client.read_holding_registers(300, **first).registers == [
        sum(on << n for n, on in enumerate(contacts(client)[:12]))
    ]
    assert client.write_coil(22, True, **first).exception_code == 2
    assert client.mask_write_register(address=302, **first).exception_code == 1


def test_any_question_feeds_the_host_watchdog_of_an_adam():
    client = InMemory(adam_6060())
    client.write_coil(16, True)
    for _ in range(5):
        client.now_ns += 2 * SECOND
        assert client.read_coils(0, count=6).bits[:6] == contacts(client)[:6]
    client.now_ns += 4 * SECOND
    client.unit.advance_to(client.now_ns)
    assert switched(client) == [("source shutter 1", True), ("source shutter 1", False)]
    assert client.read_coils(16, count=6).bits[0] is False
    assert not client.write_coil(16, True).isError()  # nothing latches
    assert switched(client)[-1] == ("source shutter 1", True)


def test_a_generic_module_in_words():
    client = InMemory(generic_words())
    assert client.read_input_registers(0x100, count=2).registers == [
        sum(on << n for n, on in enumerate(contacts(client)[at : at + 16])) for at in (0, 16)
    ]
    assert not client.write_registers(0x200, [0x0009]).isError()
    assert client.read_holding_registers(0x300).registers == [9]
    assert switched(client) == [("source shutter 1", True), ("N2", True)]
    assert client.write_coil(0, True).exception_code == 2
    assert client.write_registers(0x202, [1]).exception_code == 2


def test_relay_boards_on_one_serial_line():
    client = InMemory(relay_boards_rtu())
    assert client.read_discrete_inputs(0, count=8, device_id=3).bits[:6] == contacts(client)[16:]
    assert not client.write_coils(0, [True, False, True], device_id=2).isError()
    assert switched(client) == [("backing pump stop", True), ("enable 2", True)]
    assert client.read_coils(0, count=8, device_id=2).bits == [True, False, True, *[False] * 5]
    with pytest.raises(ModbusIOException):
        client.read_coils(0, count=8, device_id=9)
