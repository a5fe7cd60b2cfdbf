"""A toy instrument in a process of its own: answers lines, keeps one output, which is off when it has been switched on.

``who`` its number, ``state`` ON or OFF, ``ask N`` repeats N, ``start`` switches on. Every line goes into a file.
"""

import os
import pty
import socket
import sys
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def answer(line: str, number: str, state: list[str]) -> str:
    match line.split():
        case ["who"]:
            return f"toy {number}"
        case ["state"]:
            return state[0]
        case ["start"]:
            state[0] = "ON"
            return "started"
        case ["ask", word]:
            return f"={word}"
        case _:
            return "?"


def ends(place: str) -> Iterator[int]:
    """Open the port, say so, and give one end after the other."""
    if place.isdigit():
        listener = socket.create_server(("127.0.0.1", int(place)))
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - the test reads it
        while True:
            client, _ = listener.accept()
            yield client.detach()
    master, slave = pty.openpty()
    tty.setraw(slave)
    link = Path(place)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(slave))
    print(place, flush=True)  # noqa: T201 - the test reads it
    yield master


def main(place: str, number: str, log: Path) -> None:
    state = ["OFF"]
    for end in ends(place):
        with suppress(ConnectionError):  # the client has gone: wait for the next one
            serve(end, number, log, state)
        os.close(end)


def serve(end: int, number: str, log: Path, state: list[str]) -> None:
    held = b""
    while chunk := os.read(end, 4096):
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            with log.open("a") as heard:
                heard.write(f"{number} {line.decode()}\n")
            os.write(end, answer(line.decode(), number, state).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
