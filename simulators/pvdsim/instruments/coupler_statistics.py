"""Statistics of the simulated coupler: nine words from 0x1029 (WAGO 750 manuals, "Modbus TCP statistics")."""

from pvdstation.protocol import modbus
from pvdstation.protocol.modbus import Answer, Received

FAILURE, PROTOCOL, LENGTH, FUNCTION, ADDRESS, VALUE, REGISTERS, BITS, MESSAGES = range(9)
_BY_EXCEPTION = {
    modbus.DEVICE_FAILURE: FAILURE, modbus.ILLEGAL_FUNCTION: FUNCTION, modbus.ILLEGAL_ADDRESS: ADDRESS,
    modbus.ILLEGAL_VALUE: VALUE,
}  # fmt: skip


class Statistics:
    """Counters of what was refused, and of all questions; they wrap at 65536 (assumed)."""

    def __init__(self) -> None:
        self.words = [0] * 9

    def count(self, received: Received, answer: Answer) -> None:
        """Count a question by its answer."""
        self._add(MESSAGES)
        if answer.exception:
            self._add(self._kind(received, answer))

    @staticmethod
    def _kind(received: Received, answer: Answer) -> int:
        kind = _BY_EXCEPTION[answer.exception]
        call = received.call
        if kind != VALUE:
            return kind
        if call is None:
            return LENGTH
        if call.function == modbus.WRITE_COILS:
            return BITS
        return REGISTERS if call.function in (modbus.WRITE_REGISTERS, modbus.READ_WRITE) else VALUE

    def _add(self, kind: int) -> None:
        self.words[kind] = self.words[kind] + 1 & 0xFFFF
