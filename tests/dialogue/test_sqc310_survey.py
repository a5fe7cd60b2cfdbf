"""What a survey of the SQC-310 reads: everything documented, nothing written."""

from sqc310_bench import STATION, Desk

from pvdstation.drivers.sqc310_survey import FINGERPRINT
from pvdstation.protocol.sqc310_parameters import Table


def surveyed(desk):
    found = []

    def routine():
        found.extend((yield from desk.driver.survey()))

    desk.run(routine())
    return dict(found)


def test_survey_writes_nothing():
    desk = Desk.simulated()
    surveyed(desk)
    assert not [message for message in desk.world.sent if "," in message or message[:2] in ("GD", "GE")]
    assert not [message for message in desk.world.sent if message[0] in "UT" or message in ("S0", "S1", "S2")]
    assert desk.link.statistics.surplus == desk.link.statistics.misses == 0


def test_survey_shows_every_table_in_raw_numbers():
    told = surveyed(Desk.simulated())
    assert told["HA2"] == "1,114 2,1 3,0 4,0 5,0 6,0 7,0 8,0 9,0"
    assert told["HC1"] == "1,0 2,0 3,0 4,0 5,0 6,1 7,0 8,0 9,0"
    assert told["B"].startswith("1,25 2,100 3,100 4,100 5,0 6,5000000 7,6000000")
    assert (told["HE1"], told["HF2"], told["GC8"]) == ("1,0 2,3", "1,0 2,2", "1,0 2,0")
    assert "GC9" not in told
    assert told["GA1"] == "1,D 2,0 3,D 4,D 5,1 6,D 7,D"
    assert told["GB3"] == "2,0 3,0 4,500 5,3 6,1 7,0"
    assert (told["Q1"], told["S? 1"], told["K2 sensor 2"]) == ("100.00", "0.00 %", "0.00 Å/s, 0.000 kÅ, 5980000.00 Hz")


def test_survey_is_the_fingerprint_of_the_station_file():
    told = surveyed(Desk.simulated())
    assert {address: told[address] for address in STATION.sqc.fingerprint if address[0] == "A"} == {
        address: text for address, text in STATION.sqc.fingerprint.items() if address[0] == "A"
    }
    layer = dict(pair.split(",") for pair in told["D1"].split())
    assert set(map(int, layer)) == set(FINGERPRINT[Table.LAYER])
    for pair in STATION.sqc.fingerprint["D1"].split():
        parameter, value = pair.split(",")
        assert layer[parameter] == value


def test_survey_of_four_channels():
    station = STATION.model_copy(update={"sqc": STATION.sqc.model_copy(update={"channels": 4})})
    told = surveyed(Desk.simulated(station, channels=4, fitted=frozenset({1, 2})))
    assert {"HA4", "HD4", "L4", "S? 4", "GC16"} <= told.keys()
    assert told["K2 sensor 4"] == "0.00 Å/s, 0.000 kÅ, 0.00 Hz"
