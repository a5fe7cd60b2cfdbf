"""Station values with other I/O than the packaged WAGO coupler on TCP."""

import copy

from power_bench import VALUES

PROOF = {"what": "host watchdog of the module", "proved": "simulated"}
RELAY = {"what": "watchdog relay in the 24 V of the outputs", "proved": "simulated"}
WORDS = {
    "inputs": 0x100, "inputs_per_unit": 24, "read_inputs_with": 4,
    "outputs": 0x200, "outputs_per_unit": 20, "write_with": 16, "read_back": 0x300, "read_back_with": 3,
}  # fmt: skip
BOARDS = {"inputs": 0, "inputs_per_unit": 8, "outputs": 0, "outputs_per_unit": 8, "read_back": 0}


def io_values(**changes) -> dict:
    values = copy.deepcopy(VALUES)
    values["io"] |= changes
    values["simulation"]["start"]["fore_line"]["valve"] = "closed"
    return values


def wago_rtu() -> dict:
    return io_values(transport="rtu", baud=115200)


def adam_6050() -> dict:
    return io_values(map="adam-6050", units=2, external_watchdog=PROOF)


def adam_6060() -> dict:
    return io_values(map="adam-6060", units=4, read_inputs_with=1, external_watchdog=PROOF)


def adam_registers() -> dict:
    registers = [
        {"address": 800, "value": 1, "what": "host watchdog on"},
        {"address": 801, "value": 30, "what": "its time, 100 ms"},
    ]
    return io_values(map="adam-6050", units=2, registers=registers)


def generic_words() -> dict:
    return io_values(map="generic", addresses=WORDS, external_watchdog=PROOF)


def relay_boards_rtu() -> dict:
    """Three boards of 8 relays and 8 inputs on one line (Waveshare D), the heartbeat on the last relay in use."""
    return io_values(
        map="generic", transport="rtu", baud=57600, parity="none", units=3, addresses=BOARDS, external_watchdog=RELAY,
        do=[*VALUES["io"]["do"], "heartbeat"],
    )  # fmt: skip


EVERY = {
    "WAGO on RTU": wago_rtu, "2 ADAM-6050": adam_6050, "4 ADAM-6060": adam_6060, "ADAM with registers": adam_registers,
    "generic in words": generic_words, "relay boards on RTU": relay_boards_rtu,
}  # fmt: skip
