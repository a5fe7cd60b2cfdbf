"""The gauge driver against every model of the family; nothing may be left over."""

import copy

import pytest
from vacuum_bench import VALUES, OneInstrument, StillBench, Turns

from pvdsim.instruments import gauges
from pvdstation.drivers.base import Board
from pvdstation.drivers.vacuum import GaugeDriver
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.signals import Quality, SignalMap
from pvdstation.model.station import Station
from pvdstation.model.station_rules import contradictions
from pvdstation.protocol.vacuum_profiles import PROFILES, channels_that_differ, profile_called

ACK, ENQ, ETX = b"\x06\r\n", b"\x05", b"\x03"
ROLES = ("capacitance", "full_range", "foreline")
TRUE_MBAR = {"full_range": 2e-6, "capacitance": 0.05, "foreline": 0.1}


def values_for(model: str, *, stated: bool = True, settings: dict | None = None) -> dict:
    """A station with the model as its first controller, and a VGC503 for the roles that it has no channels for."""
    values = copy.deepcopy(VALUES)
    room = PROFILES[model].channels
    first = {"port": "sim:gauges", "unit": "mbar", "read_deadline": "0.5 s", "settings": settings or {}}
    values["gauges"] = first | {role: n for n, role in enumerate(ROLES[:room], 1)}
    if stated:
        values["gauges"]["model"] = model
    else:
        values["simulation"]["gauges"]["model"] = model
    if ROLES[room:]:
        second = {"port": "sim:gauges2", "unit": "mbar", "read_deadline": "0.5 s", "model": "VGC503"}
        values["gauges2"] = second | {role: n for n, role in enumerate(ROLES[room:], 1)}
    return values


def turns_of(values: dict, link: str = "gauges", **changes) -> Turns:
    bench = StillBench()
    for name, value in changes.items():
        setattr(bench, name, value)
    station = Station.model_validate(values)
    build = gauges.build if link == "gauges" else gauges.build_second
    world = OneInstrument(link, build(values, bench, 1), bench)
    return Turns(GaugeDriver(station, Board(SignalMap(station)), link), world, 5 * SECOND)


def readings(turns: Turns) -> dict:
    signals = turns.driver.board.signals
    return {role: turns.reading(getattr(signals, role)) for role in ROLES}


@pytest.fixture(params=PROFILES)
def model(request):
    return request.param


def test_each_model_is_caught_identified_and_polled(model):
    turns = turns_of(values_for(model))
    turns.serve(10.0)
    assert turns.greetings <= 2  # a line of the stream may have been on its way
    assert model.replace(" ", "") in turns.driver.identity.replace(" ", "")
    roles = ROLES[: PROFILES[model].channels]
    for role in roles:
        reading = readings(turns)[role]
        assert reading.quality is Quality.GOOD
        assert reading.value == pytest.approx(TRUE_MBAR[role], rel=0.2, abs=0.2 * (role == "capacitance"))
        assert turns.clock.now_ns() - reading.at_ns < 600 * MILLISECOND
    turns.link.statistics.misses = turns.link.statistics.surplus = 0
    turns.serve(65.0)  # the unit is verified in between
    assert (turns.link.statistics.misses, turns.link.statistics.surplus) == (0, 0)
    assert not turns.driver.framer.clear()


def test_each_model_is_known_without_being_named(model):
    turns = turns_of(values_for(model, stated=False))
    turns.serve(5.0)
    if PROFILES[model].knows_prx:
        assert turns.driver.identity
        assert readings(turns)["capacitance"].quality is Quality.GOOD
    else:
        assert not turns.driver.identity  # a TPG 256 must be named: its lines differ


def test_a_model_that_starts_to_stream_again_is_caught_again(model):
    turns = turns_of(values_for(model))
    turns.serve(5.0)
    turns.world.instrument.power_cycle(turns.clock.now_ns())
    turns.serve(4.0)
    assert readings(turns)["capacitance"].at_ns > turns.clock.now_ns() - SECOND
    assert readings(turns)["capacitance"].quality is Quality.GOOD
    assert not turns.link.is_dirty


def test_each_model_streams_as_it_does_and_stops_at_the_first_byte(model):
    profile = PROFILES[model]
    unit = gauges.build(values_for(model), StillBench(), 1)
    lines = [line for _, line in unit.advance_to(3 * SECOND)]
    assert len(lines) == (3 if profile.streams else 0)
    assert all(line.count(b",") == 2 * profile.fields - 1 + profile.unit_in_stream for line in lines)
    assert all(line.endswith(b",mbar\r\n") == profile.unit_in_stream for line in lines)
    unit.receive(ETX, 3 * SECOND)
    assert unit.advance_to(9 * SECOND) == []


def said(unit, data: bytes) -> bytes:
    return b"".join(reply for _, reply in unit.receive(data, 0))


def test_each_model_knows_its_own_messages_only(model):
    profile = PROFILES[model]
    unit = turns_of(values_for(model)).world.instrument
    knows = {
        b"AYT": profile.knows_ayt, b"PRX": profile.knows_prx, b"COM": profile.streams, b"TID": True, b"UNI": True,
        b"UNI,4": profile.units > 4, b"UNI,6": False, b"BAU,4": len(profile.bauds) > 4, b"BAU": True, b"FIL": True,
        b"GAS": "GAS" in profile.settings, b"OFC": "OFC" in profile.settings, b"CA6": "CA6" in profile.settings,
        b"PR%d" % profile.fields: True, b"PR%d" % (profile.fields + 1): False,
    }  # fmt: skip
    for message, is_known in knows.items():
        assert said(unit, message + b"\r\n")[:1] == (b"\x06" if is_known else b"\x15"), message
        unit.receive(ETX, 0)


def test_inficon_heads_have_inficon_names():
    unit = turns_of(values_for("VGC503")).world.instrument
    said(unit, b"TID\r\n")
    assert said(unit, ENQ) == b"CDG,MPG,PSG\r\n"


def test_a_single_channel_tpg_shows_two_fields():
    unit = turns_of(values_for("TPG 261")).world.instrument
    said(unit, b"TID\r\n")
    assert said(unit, ENQ) == b"CMR,noSEn\r\n"
    said(unit, b"PRX\r\n")
    assert said(unit, ENQ).endswith(b",5,2.0000E-02\r\n")


@pytest.mark.parametrize(
    ("stated", "played", "sentence"),
    [
        ("TPG 366", "VGC503", "VGC503 answers; the station file says TPG 366"),
        ("VGC403", "VGC503", "VGC503 answers; the station file says VGC403"),
        ("TPG 366", "TPG 256", "an older unit without AYT answers; the station file says TPG 366"),
        ("TPG 256", "VGC403", "3 gauges are named; a TPG 256 names 6"),
    ],
)
def test_another_model_is_refused(stated, played, sentence):
    values = values_for(stated)
    values["simulation"]["gauges"]["model"] = played
    turns = turns_of(values)
    with pytest.raises(Exception, match=sentence):
        turns.serve(5.0)


def test_status_7_of_an_inficon_gauge_is_a_sensor_fault():
    turns = turns_of(values_for("VGC503"))
    turns.serve(5.0)
    turns.world.spoil = lambda replies: [(at, b"7" + data[1:] if len(data) > 20 else data) for at, data in replies]
    turns.serve(1.0)
    assert readings(turns)["capacitance"].quality is Quality.SENSOR_FAULT
    assert readings(turns)["full_range"].quality is Quality.GOOD


def test_two_controllers_share_the_roles():
    values = values_for("TPG 362")
    assert contradictions(Station.model_validate(values)) == []
    turns = turns_of(values, "gauges2")
    turns.serve(5.0)
    assert readings(turns)["foreline"].quality is Quality.GOOD
    assert readings(turns)["capacitance"].quality is Quality.NEVER
    turns.driver.lose(turns.clock.now_ns())
    assert readings(turns)["foreline"].quality is Quality.COMM_FAULT
    assert readings(turns)["capacitance"].quality is Quality.NEVER


# --- filters, offsets, factors ---


def settings_of(model: str) -> dict[str, str]:
    unit = turns_of(values_for(model)).world.instrument
    return {name: unit.settings.text(name) for name in PROFILES[model].settings}


def test_settings_of_commissioning_are_read_back_and_nothing_is_ever_set(model):
    turns = turns_of(values_for(model, settings=settings_of(model)))
    turns.serve(70.0)
    assert turns.reading(turns.driver.board.signals.gauge_settings["gauges"]).value == 1
    assert readings(turns)["capacitance"].quality is Quality.GOOD
    assert not [data for data in turns.world.heard if b"," in data]
    assert turns.greetings <= 2


def test_a_changed_factor_spoils_its_channel_and_raises_the_alarm():
    turns = turns_of(values_for("TPG 366", settings=settings_of("TPG 366")))
    turns.serve(5.0)
    assert turns.world.instrument.settings.change("COR", ["1.000", "10.00", "1.000", "1.000", "1.000", "1.000"])
    turns.serve(60.0 * 5)
    assert turns.reading(turns.driver.board.signals.gauge_settings["gauges"]).value == 0
    assert readings(turns)["full_range"].quality is Quality.UNCERTAIN
    assert readings(turns)["full_range"].value == pytest.approx(2e-5, rel=0.2)
    assert readings(turns)["capacitance"].quality is Quality.GOOD
    assert "COR is 1.000,10.00" in turns.driver._settings.trouble
    turns.world.instrument.settings.change("COR", ["1.000"] * 6)
    turns.serve(60.0 * 5)
    assert turns.reading(turns.driver.board.signals.gauge_settings["gauges"]).value == 1
    assert readings(turns)["full_range"].quality is Quality.GOOD


def test_a_changed_filter_is_only_an_alarm():
    turns = turns_of(values_for("VGC503", settings={"FIL": "1,1,1"}))
    turns.world.instrument.settings.change("FIL", ["1", "2", "1"])
    turns.serve(5.0)
    assert turns.reading(turns.driver.board.signals.gauge_settings["gauges"]).value == 0
    assert all(readings(turns)[role].quality is Quality.GOOD for role in ROLES)


def test_a_setting_that_the_unit_does_not_know_is_an_alarm_and_no_hang():
    turns = turns_of(values_for("VGC403", settings={"GAS": "0,0,0"}))
    turns.serve(70.0)
    assert turns.reading(turns.driver.board.signals.gauge_settings["gauges"]).value == 0
    assert turns.driver.identity
    assert readings(turns)["capacitance"].quality is Quality.UNCERTAIN


@pytest.mark.parametrize(
    ("mnemonic", "given", "expected", "differing"),
    [
        ("COR", "1.000,1.000", "1.000, 1.000", ()), ("COR", "1.000,1.010", "1.000,1.000", (2,)),
        ("COR", "1.000", "1.000,1.000", (1, 2)), ("GAS", "refused", "0,0", (1, 2)), ("CA4", "1.1", "1.0", (4,)),
        ("CAL", "1.1,1", "1.0,1", (1,)),
    ],
)  # fmt: skip
def test_channels_that_differ_are_named(mnemonic, given, expected, differing):
    assert channels_that_differ(mnemonic, given, expected, 2) == differing


@pytest.mark.parametrize(("name", "model"), [("TPG366", "TPG 366"), ("vgc 503", "VGC503"), ("TPG_262", "TPG 262")])
def test_a_model_is_found_by_any_spelling(name, model):
    assert profile_called(name) is PROFILES[model]
    assert profile_called("TPG 999") is None


# --- what the station file may say ---


def found(values: dict) -> list[str]:
    return [what for path, what, _ in contradictions(Station.model_validate(values)) if path[0].startswith("gauges")]


def test_each_role_is_there_once():
    values = values_for("TPG 362")
    del values["gauges2"]
    assert found(values) == ["no channel is the foreline gauge"]
    values = values_for("TPG 366")
    values["gauges2"] = values_for("TPG 362")["gauges2"]
    assert found(values) == ["gauges has the foreline gauge already"]
    values = values_for("TPG 366")
    values["gauges"]["foreline"] = 1
    assert found(values) == ["one channel stands for two gauges"]


def test_a_unit_that_the_model_does_not_know_is_refused():
    values = values_for("VGC403")
    values["gauges"]["unit"] = "hPa"
    assert found(values) == ["VGC403 does not know hPa"]
