"""What an operator is told of the alarms that are no rules: a step or the run could not reach what it waited for."""

from collections.abc import Mapping

from pvdstation.control.rule_words import HIGH, LOW, MEDIUM, RULE_WORDS, Words
from pvdstation.model.messages import ActionClass

_GAS = "look at bottle, regulator and needle valve"
_PUMP = "look for a leak; look at pumps and gauges"
STEP_WORDS: Mapping[str, Words] = {
    "start": Words(HIGH, "the station was not ready within 60 s", "nothing is started", "restore what it names"),
    "sqc_running": Words(HIGH, "the SQC-310 ran before the start", "it is stopped, nothing is started",
                         "find out who started it"),
    "safe_state": Words(HIGH, "off is not confirmed by reading back", "the plant may be on or open",
                        "switch off and close by hand, at the mains if need be"),
    "off_not_confirmed": Words(HIGH, "a supply is told to be off and is not read back as such", "all off",
                               "look at the supply; switch it off at its mains"),
    "hold": Words(MEDIUM, "the hold has lasted too long", "the run is stopped", "start a new run with the rest"),
    "dwell_over": Words(MEDIUM, "the dwell has ended while the run was held", "the reaction goes on",
                        "resume, or stop: it ends by itself in 60 s"),
    "dwell_overtime": Words(MEDIUM, "nobody resumed after the dwell", "the run is stopped, the gas is pumped out",
                            "note the overtime; it is in the record"),
    "no_answer": Words(MEDIUM, "nobody answered a question", "the run is stopped", "answer in time, or give a default"),
    "tune": Words(MEDIUM, "the source could not be tuned", "it is switched off; nothing is proposed",
                  "look at the rate: steady before, and does it answer?"),
    "untouched": Words(LOW, "nobody has asked for anything while a source was on by hand", "it goes off",
                       "set it again, if somebody is there"),
    "capture": Words(MEDIUM, "the rate was not reached in time", "no film", "look at charge, power and crystal"),
    "condition": Words(MEDIUM, "conditioning did not come to its end", "no film", "look at charge, boat and crystal"),
    "rate_loop": Words(MEDIUM, "the owner of the rate loop does not do what it was told", "hold",
                       "look at the SQC-310 and its link"),
    "exposure": Words(MEDIUM, "the layer's end is in doubt", "hold; what has grown is in the record",
                      "compare indicated and expected thickness"),
    "crystal_need": Words(MEDIUM, "a crystal has not enough life left for the layer",
                          "nothing is heated; the run stops", "change the crystal"),
    "crystal_jump": Words(MEDIUM, "the crystal jumped", "the thickness is uncertain; hold", "look at the crystal"),
    "substrate_shutter": Words(MEDIUM, "the substrate shutter may not open", "no film; hold",
                               "restore what it names, then resume"),
    "gate": Words(MEDIUM, "the HV gate did not move, or was closed", "hold", "look at air and switches of the gate"),
    "pump_down": Words(MEDIUM, "the pressure was not reached in time", "hold", _PUMP),
    "rough_timeout": Words(MEDIUM, "roughing took too long", "hold", _PUMP),
    "crossover": Words(MEDIUM, "the gate could not open after roughing", "hold", _PUMP),
    "isolate": Words(MEDIUM, "the isolated chamber leaks", "no gas is let in; hold", "look for a leak"),
    "leak_test": Words(MEDIUM, "the pressure rises faster than the limit", "hold", "look for a leak or wet walls"),
    "wait_until": Words(MEDIUM, "what was waited for did not come in time", "as the recipe says", "look at the signal"),
    "n2_no_rise": Words(MEDIUM, "no gas comes", "valve closed, hold", _GAS),
    "n2_slope": Words(MEDIUM, "the gas comes too fast or too slowly", "valve closed, hold", _GAS),
    "n2_timeout": Words(MEDIUM, "filling took too long", "valve closed, hold", _GAS),
    "n2_sag": Words(MEDIUM, "the pressure sags in the dwell", "valve closed, hold", "look for a leak to the pump"),
    "vent_no_rise": Words(MEDIUM, "no argon comes", "valve closed, hold", _GAS),
    "vent_sag": Words(MEDIUM, "the pressure sags after venting", "valve closed, hold", "look for a leak to the pump"),
    "vent_pressure": Words(MEDIUM, "the chamber is not at glovebox pressure", "the door stays closed; hold", _GAS),
}  # fmt: skip
"""By the name that the step gives."""

_PRIORITIES = {ActionClass.ALARM: LOW, ActionClass.HOLD: MEDIUM, ActionClass.STOP: MEDIUM}


def words_of(name: str, response: int) -> Words:
    """Return what an operator is told of an alarm; of one without words, what its class says."""
    known = RULE_WORDS.get(name) or STEP_WORDS.get(name)
    if known is not None:
        return known
    return Words(_PRIORITIES.get(ActionClass(response), HIGH), "", "", "")
