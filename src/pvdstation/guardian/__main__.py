"""The guardian's process: one line of JSON on stdin, then a line per completed scan; ``bye`` ends it.

Linux and the standard library alone. Whatever could fail late is done before "ready": the record is open, addresses
are resolved, threads wait, the core is held by a handle. Ports are left alone until the core is dead (safety B.6).
"""

import os
import re
import select
import signal
import sys
from contextlib import suppress

from pvdstation.guardian.off import OffPath, Record
from pvdstation.guardian.orders import Orders, read_orders
from pvdstation.guardian.ports import ERRORS

OFF_CONFIRMED, OFF_NOT_CONFIRMED, NOT_READY = 0, 1, 2
KILLED_WITHIN_S = 0.5
"""What cannot be killed, because it hangs in a device, must not delay OFF on the others."""
_CHUNK = 65536


def _end(core: int, pid: int) -> str:
    """Kill the core and wait until its ports are free; return how that went."""
    try:
        signal.pidfd_send_signal(core, signal.SIGKILL)
    except ProcessLookupError:
        return f"core {pid} was dead already"
    except OSError as error:
        return f"core {pid} could not be killed: {error}"
    is_dead = select.select([core], [], [], KILLED_WITHIN_S)[0]
    return f"core {pid} killed" if is_dead else f"core {pid} was killed and is still there after {KILLED_WITHIN_S:g} s"


def _switch_off(why: str, orders: Orders, core: int, paths: list[OffPath], record: Record) -> int:
    ended = _end(core, orders.core)
    for path in paths:
        path.is_due.set()
    record.say(why)
    record.say(ended)
    for path in paths:
        path.join()
    missing = [f"{port.name}: {path.missing}" for port, path in zip(orders.ports, paths, strict=True) if path.missing]
    record.say(f"OFF NOT CONFIRMED: {'; '.join(missing)}" if missing else "off confirmed")
    record.close()
    return OFF_NOT_CONFIRMED if missing else OFF_CONFIRMED


def _watch(held: bytes, silence_s: float) -> str:
    """Return why the core counts as dead; "" when it has said goodbye. Silence counts from the first beat on."""
    beats = False
    while True:
        *lines, held = held.split(b"\n")
        if b"bye" in lines:
            return ""
        beats = beats or bool(lines)
        if not select.select([0], [], [], silence_s if beats else None)[0]:
            return f"no heartbeat for {silence_s:g} s"
        more = os.read(0, _CHUNK)
        if not more:
            return "the core's pipe has ended"
        held += more


def _first_line() -> tuple[bytes, bytes]:
    held = b""
    while b"\n" not in held:
        more = os.read(0, _CHUNK)
        if not more:
            raise ValueError("the core has gone before its orders were complete")
        held += more
    line, _, rest = held.partition(b"\n")
    return line, rest


def main() -> int:
    """Guard a core until it says goodbye, or switch off; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        document, held = _first_line()
        orders = read_orders(document)
        core = os.pidfd_open(orders.core)
        record = Record(orders.record)
        paths = [OffPath(port, orders.persist_s, record) for port in orders.ports]
    except (*ERRORS, KeyError, TypeError, AttributeError, re.error) as error:
        os.write(1, f"not ready: {error or type(error).__name__}\n".encode())
        return NOT_READY
    record.say(f"guards core {orders.core}: {', '.join(f'{port.name} {port.url}' for port in orders.ports)}")
    with suppress(OSError):
        os.write(1, b"ready\n")
    why = _watch(held, orders.silence_s)
    if why:
        return _switch_off(why, orders, core, paths, record)
    record.say("the core has said goodbye; nothing was sent")
    record.close()
    return OFF_CONFIRMED


if __name__ == "__main__":
    sys.exit(main())
