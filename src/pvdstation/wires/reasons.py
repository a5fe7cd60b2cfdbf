"""Why a port is lost, in one sentence for the person who can put it right."""

import errno
from socket import gaierror

_NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
_GONE = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN}
_USED = {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_MISSING = {errno.ENOENT, errno.ENXIO, errno.ENODEV}
_NOT_SERIAL = {errno.ENOTTY, errno.EINVAL, errno.EISDIR}


def not_connected(where: str, error: Exception) -> str:
    """Return why a connection could not be made."""
    number = _number(error)
    if isinstance(error, gaierror):
        return f"no computer is known as {where.rpartition(':')[0]}: check the name, or write its address"
    if number == errno.ECONNREFUSED:
        return f"{where} refuses the connection: nothing listens there, or another program has it"
    if isinstance(error, TimeoutError):
        return f"{where} does not answer: check power, cable and address"
    if number in _NO_WAY:
        return f"there is no way to {where}: check cable, network and address"
    return f"{where} cannot be connected to: {_words(error)}"


def disconnected(where: str, error: Exception) -> str:
    """Return why a connection ended."""
    number = _number(error)
    if number in _GONE:
        return f"{where} broke the connection off"
    if number == errno.ETIMEDOUT or number in _NO_WAY:
        return f"{where} is no longer reached: check power and cable"
    if "disconnected" in str(error):  # pyserial's word for an end of file
        return closed_by_peer(where)
    return f"the connection to {where} is lost: {_words(error)}"


def closed_by_peer(where: str) -> str:
    """Return that the other side has ended the connection properly."""
    return f"{where} closed the connection"


def not_opened(device: str, error: Exception) -> str:
    """Return why a serial port could not be opened."""
    number = _number(error)
    text = str(error)
    if number in _MISSING or "FileNotFoundError" in text:
        return f"there is no port {device}: is the adapter plugged in?"
    if number in _USED or "PermissionError" in text:  # Windows says so when another program has the port
        return f"the port {device} is in use by another program"
    if number in _FORBIDDEN:
        return f"this user may not open the port {device}: on Linux, add the user to the group that owns it (dialout)"
    if number in _NOT_SERIAL or "Could not configure port" in text:
        return f"{device} is no serial port, or does not take these settings: {_words(error)}"
    return f"the port {device} cannot be opened: {_words(error)}"


def unplugged(device: str, error: Exception) -> str:
    """Return why an open serial port was lost."""
    if "returned no data" in str(error):
        return f"the port {device} is gone: adapter unplugged, or another program reads from it"
    return f"the port {device} is gone: adapter unplugged, or without power"


def too_slow(where: str, count: int) -> str:
    """Return that bytes could not be sent in time."""
    return f"{where} does not take bytes: {count} were not sent before the dead-line"


def _number(error: Exception) -> int | None:
    """Return the system's number of an error; those of termios carry it as their first argument."""
    first = error.args[0] if error.args else None
    return getattr(error, "errno", None) or (first if isinstance(first, int) else None)


def _words(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error.args[-1] if error.args else "")
    return " ".join(text.split()) or type(error).__name__
