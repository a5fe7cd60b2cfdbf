"""pymodbus's own client on the simulated coupler: somebody else's idea of the bytes."""

import pytest
from power_bench import PowerBench, values_with
from pymodbus.client import ModbusTcpClient

from pvdsim.instruments import coupler
from pvdstation.model.clock import MILLISECOND, SECOND


class InMemory(ModbusTcpClient):
    """The client with its socket replaced by the coupler; everything above the socket is pymodbus."""

    def __init__(self) -> None:
        super().__init__("in memory", retries=0)
        self.bench = PowerBench()
        self.unit = coupler.build(values_with("simulation", "start", "fore_line", "valve", "closed"), self.bench, 1)
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


@pytest.fixture
def client():
    return InMemory()


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
