"""From the spelling of a port to the wire behind it."""

from pvdstation.model.clock import Clock
from pvdstation.model.ports import ORDINARY_LINE, Line, Port, PortKind
from pvdstation.wires.base import Wire
from pvdstation.wires.tcp import TcpWire


def make_wire(port: Port, clock: Clock, line: Line = ORDINARY_LINE) -> Wire:
    """Return the wire of a real port, not yet opened; ``line`` counts where there is a serial line.

    Raises ValueError by a simulated port: its wire needs the simulated world.
    """
    match port.kind:
        case PortKind.TCP:
            return TcpWire(port.address, port.number, clock)
        case PortKind.SERIAL:
            from pvdstation.wires.serial_port import SerialWire  # noqa: PLC0415 - only a station that has serial ports loads pyserial

            return SerialWire(port.address, clock, line)
        case PortKind.VISA:
            from pvdstation.wires.visa import VisaWire  # noqa: PLC0415 - loading PyVISA takes 0.3 s

            return VisaWire(port.address, clock, line)
        case _:
            raise ValueError(f"{port.text} belongs to a simulated world")
