"""A core without a brain: takes the ports, brings boat 1 to full power over the real wire, and feeds its guardian.

    python powered_core.py DOCUMENT SUPPLY_PORT IO_PORT SQC

Standard library only, so that it starts quickly. Prints "full power" and the guardian's process. SIGTERM: goodbye.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

BEAT_S = 0.1
ENABLES = (9, 10)  # places in [io] do of the packaged stations


def taken(place: str) -> socket.socket | int:
    """Take a port as a core does: a TCP connection, or a device for itself alone."""
    if place.isdigit():
        return socket.create_connection(("127.0.0.1", int(place)), timeout=5)
    device = os.open(place, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(device, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return device


def coil_on(number: int) -> bytes:
    return bytes((0, number, 0, 0, 0, 6, 1, 5, 2, number, 0xFF, 0))


def main(document: str, supply: str, io: str, sqc: str) -> None:
    orders = json.loads(Path(document).read_bytes()) | {"core": os.getpid()}
    guardian = subprocess.Popen(
        [sys.executable, "-I", "-m", "pvdstation.guardian"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    )
    guardian.stdin.write(json.dumps(orders).encode() + b"\n")
    said = guardian.stdout.readline().decode().strip()
    if said != "ready":
        sys.exit(said)
    ports = [taken(place) for place in (supply, io, sqc)]
    for number in ENABLES:
        ports[1].sendall(coil_on(number))
        ports[1].recv(64)
    ports[0].sendall(b"VOLT 1\nCURR 60\nOUTP 1\n")
    for number in (signal.SIGTERM,):
        signal.signal(number, lambda _number, _frame: goodbye(guardian))
    print("full power", guardian.pid, flush=True)  # noqa: T201 - the test reads it
    while True:
        guardian.stdin.write(b".\n")
        time.sleep(BEAT_S)


def goodbye(guardian: subprocess.Popen[bytes]) -> None:
    guardian.stdin.write(b"bye\n")
    os._exit(guardian.wait(5))


if __name__ == "__main__":
    main(*sys.argv[1:])
