"""Frames of the local socket: 4 bytes of length, big-endian, then one JSON document in UTF-8. No socket, no clock."""

import json
import math
import re
from typing import Any, NoReturn

IN_BYTES = 64 * 1024
"""Longest document that a client may send."""
OUT_BYTES = 1024 * 1024
"""Longest document that the core sends."""
DEPTH = 16
"""How deep objects and lists may be nested."""
HEADER_BYTES = 4
_INTEGER_DIGITS = 20
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class FrameError(ValueError):
    """Bytes that are no frame or no document of ours; the sentence says why."""


def pack(document: object, longest: int) -> bytes:
    """Return a document as a frame. Raises FrameError when it is longer than ``longest`` bytes or not finite."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise FrameError(f"a document cannot be sent: {error}") from None
    payload = text.encode("utf-8", "replace")
    if len(payload) > longest:
        raise FrameError(f"a document of {len(payload)} bytes is longer than {longest} bytes")
    return len(payload).to_bytes(HEADER_BYTES, "big") + payload


def read(payload: bytes) -> Any:
    """Return the document of a frame. Raises FrameError: not UTF-8, no JSON, not finite, too deep, a key twice."""
    if _depth(payload) > DEPTH:
        raise FrameError(f"a document is nested deeper than {DEPTH}")
    try:
        document = json.loads(
            payload.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
        if b"\\u" in payload:  # half a surrogate pair is text that no file and no terminal takes
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except FrameError:
        raise
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a document is not JSON in UTF-8: {error}") from None
    return document


class Deframer:
    """Collects bytes of one stream and returns whole payloads. Holds no more than what has been announced and fed."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes. Raises FrameError as soon as a length is announced that is too long."""
        self._held += data
        self._announced()

    def take(self) -> bytes | None:
        """Return the next whole payload, or None. Raises FrameError as ``feed``."""
        length = self._announced()
        if length is None or len(self._held) < HEADER_BYTES + length:
            return None
        payload = bytes(self._held[HEADER_BYTES : HEADER_BYTES + length])
        del self._held[: HEADER_BYTES + length]
        return payload

    def _announced(self) -> int | None:
        if len(self._held) < HEADER_BYTES:
            return None
        length = int.from_bytes(self._held[:HEADER_BYTES], "big")
        if length > self._longest:
            self._held.clear()
            raise FrameError(f"a frame of {length} bytes is announced; at most {self._longest} are taken")
        return length


def _depth(payload: bytes) -> int:
    """Return how deep brackets are nested outside of strings."""
    if payload.count(b"[") + payload.count(b"{") <= DEPTH:
        return 0
    deepest = depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", payload)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise FrameError("a document has a key twice")
    return document


def _refuse_constant(word: str) -> NoReturn:
    raise FrameError(f"a document has the number {word}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise FrameError(f"a document has the number {text[:_INTEGER_DIGITS]}, which is not finite")
    return number


def _integer(text: str) -> int:
    if len(text) > _INTEGER_DIGITS:
        raise FrameError(f"a document has a whole number of {len(text)} digits")
    return int(text)
