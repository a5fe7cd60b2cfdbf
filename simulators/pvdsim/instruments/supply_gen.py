"""Simulated legacy Genesys supply: byte machine of its GEN ASCII (power supply reference 5 and 11).

Silent until addressed; one reply per command; a reply carries a checksum when its command had one. Assumed: a setting
takes the unit from local to remote; an open enable contact, interlock or fault drops the output, which stays off until
it is switched on again (safe start); switching on clears a latched fault whose cause is gone; switching on is refused
with E07 while the cause stays; foldback needs 250 ms in constant current.
"""

import random
from collections.abc import Mapping
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.supply_gen_words import GenWords
from pvdsim.instruments.supply_stage import FAR, PowerStage, wired_stage
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import parse
from pvdstation.model.simulation import Replies
from pvdstation.protocol import supply_gen as codec

DEFAULT_ADDRESS = 6
DEFAULT_BAUD = 9600
_BROADCASTS = ("GRST", "GPV", "GPC", "GOUT", "GSAV", "GRCL")


class GenSupply:
    """Line, address and checksum around the words and the power stage."""

    def __init__(self, words: GenWords, address: int, baud: int, latency_ns: int) -> None:
        self.words = words
        self.stage = words.stage
        self.due_ns = FAR
        self._address = address
        self._character_ns = 10 * SECOND // baud
        self._latency_ns = latency_ns
        self._framer = codec.CommandFramer()
        self._is_selected = False
        self._free_ns = 0

    # --- the world's side ---

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes; answer every command that is for this unit, in order."""
        self.refresh(now_ns)
        free_ns = max(self._free_ns, now_ns) + len(data) * self._character_ns
        replies: Replies = []
        for frame in self._framer.feed(data):
            reply = self._answer(codec.decode_command(frame), now_ns)
            if reply:
                free_ns += self._latency_ns + len(reply) * self._character_ns
                replies.append((free_ns, reply))
        self._free_ns = free_ns
        self.due_ns = self.stage.due_ns
        return replies

    def _answer(self, command: codec.Command, now_ns: int) -> bytes:
        word, _, argument = command.text.partition(" ")
        if word in _BROADCASTS:
            if command.is_intact is not False:
                self.words.obey(word[1:], argument, now_ns)
            return b""
        if word == "ADR" and command.is_intact is not False:
            self._is_selected = argument.strip().isdecimal() and int(argument) == self._address
        if not self._is_selected:
            return b""
        if command.is_intact is False:
            text = codec.CHECKSUM_WRONG
        elif word in ("", "ADR"):
            text = codec.DONE
        else:
            text = self.words.obey(word, argument.strip(), now_ns)
        return codec.encode_reply(text, checked=command.is_intact is not None)

    def advance_to(self, now_ns: int) -> Replies:
        """Let the protections act that are due."""
        if self.stage.due_ns <= now_ns:
            self.refresh(now_ns)
        return []

    def refresh(self, now_ns: int) -> None:
        """Take note that the analogue input, the enable contact or the boat has changed."""
        self.words.refresh(now_ns)
        self.due_ns = self.stage.due_ns

    def power_cycle(self, now_ns: int) -> None:
        """Come up again as after a mains failure: not addressed, output off unless auto-restart is on."""
        self._framer = codec.CommandFramer()
        self._is_selected = False
        self.words.power_cycle(now_ns)
        self.due_ns = self.stage.due_ns

    # --- faults ---

    def obey(self, *, anybody: bool) -> None:
        """Take commands, or (fault) acknowledge them without effect and leave the current as it is."""
        self.words.is_deaf = not anybody
        self.stage.hold_current(held=not anybody)

    def take_over(self, *, local: bool) -> None:
        """Let the front panel take over: settings are refused, queries answered; or give the link back."""
        self.words.panel_only = local
        self.words.remote = "LOC"


def build(number: int, station_values: Mapping[str, Any], bench: Bench, seed: int) -> GenSupply:
    """Build supply N of a station, wired to boat N, analogue input N and enable contact N."""
    values = station_values["supply"][str(number)]
    rating = codec.rating(values["model"])
    if rating is None:
        what = f'"{values["model"]}" names no rating'
        raise Refused([Problem(f"supply.{number}.model", what, 'Write for example "GEN10-330".')])
    stage: PowerStage = wired_stage(number, station_values, bench, rating)
    latency = station_values.get("simulation", {}).get("links", {}).get("supply", "10 ms")
    words = GenWords(stage, values["model"], f"SIM-{number}", random.Random(f"{seed}/supply{number}").random)
    address, baud = values.get("address", DEFAULT_ADDRESS), values.get("baud", DEFAULT_BAUD)
    return GenSupply(words, address, baud, to_ns(parse(latency, "time")))
