"""Curves of a run for a screen: rate, thickness and power of each source, and the pressure, in few points."""

import math
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from pvdstation.model.signals import Position
from pvdstation.model.toml import load_station
from pvdstation.record.export.story import Chapter, Story
from pvdstation.record.report.curves import (
    CAPACITANCE_TRUSTED_MBAR,
    FULL_RANGE_TRUSTED_MBAR,
    NAN,
    Curves,
    SourceCurves,
    Values,
    read_curves,
)
from pvdstation.record.report.thinning import thinned
from pvdstation.record.run_file import RunFile


class ScreenCurve(NamedTuple):
    """One quantity against the run's time; NaN is a gap."""

    name: str  # "rate Zn", "thickness Zn", "power Zn", "pressure"
    unit: str
    at_s: Values
    values: Values

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON; a gap is null."""
        values = [None if math.isnan(value) else value for value in self.values]
        return {"name": self.name, "unit": self.unit, "at_s": list(self.at_s), "values": values}


def screen_curves(run: RunFile, points: int) -> tuple[ScreenCurve, ...]:
    """Return the curves, each of at most ``points`` points, its peaks kept; of sources that the recipe uses."""
    station = load_station(run.station, "the station of the record")
    curves = read_curves(run, station)
    chapters = Story(run).chapters
    whole = [curve for source in curves.sources for curve in _of_source(curves, source, chapters)]
    whole.append(ScreenCurve("pressure", "mbar", curves.at_s, _pressure(curves)))
    most = max(4, points - points // 50)  # gaps are points too
    return tuple(ScreenCurve(c.name, c.unit, *_rounded(*thinned(c.at_s, c.values, most))) for c in whole)


def _of_source(curves: Curves, source: SourceCurves, chapters: tuple[Chapter, ...]) -> Iterator[ScreenCurve]:
    if not any(source.source in _sources(chapter) for chapter in chapters):
        return
    yield ScreenCurve(f"rate {source.source}", "nm/s", curves.at_s, _while_heated(curves, source, chapters))
    yield ScreenCurve(f"thickness {source.source}", "nm", curves.at_s, _on_substrate(curves, source, chapters))
    yield ScreenCurve(f"power {source.source}", "W", curves.at_s, source.power_w)


def _sources(chapter: Chapter) -> tuple[str, ...]:
    """Return the sources that a step heats."""
    asked = chapter.step.asked
    first = (str(asked["source"]),) if "source" in asked else ()
    return (*first, *(str(other["source"]) for other in asked.get("together", ())))


def _while_heated(curves: Curves, source: SourceCurves, chapters: tuple[Chapter, ...]) -> Values:
    """Return the rate in the steps that heat the source; else a crystal tells gas and temperature, not a rate."""
    rates = array("d", [NAN]) * len(curves.at_s)
    for chapter in chapters:
        if source.source in _sources(chapter) and chapter.start_s is not None and chapter.end_s is not None:
            span = curves.span(chapter.start_s, chapter.end_s)
            rates[span.start : span.stop] = array("d", source.rate_nm_s[span.start : span.stop])
    return rates


def _on_substrate(curves: Curves, source: SourceCurves, chapters: tuple[Chapter, ...]) -> Values:
    """Return what has grown on the substrate since each layer's first opening of its shutter; NaN elsewhere."""
    grown = array("d", [NAN]) * len(curves.at_s)
    for chapter in chapters:
        if chapter.step.do != "deposit" or source.source not in _sources(chapter):
            continue
        if chapter.start_s is None or chapter.end_s is None:
            continue
        total_nm, before_nm = 0.0, NAN
        span = curves.span(chapter.start_s, chapter.end_s)
        for place in range(_opened(curves, span), span.stop):
            shown_nm = source.thickness_nm[place]
            is_open = curves.substrate_shutter[place] == Position.OPEN
            if is_open and not math.isnan(shown_nm - before_nm):
                total_nm += shown_nm - before_nm
            before_nm = shown_nm if is_open else NAN
            grown[place] = total_nm
    return grown


def _opened(curves: Curves, span: slice) -> int:
    places: range = range(span.start, span.stop)
    return next((place for place in places if curves.substrate_shutter[place] == Position.OPEN), places.stop)


def _pressure(curves: Curves) -> Values:
    """Return one pressure: the capacitance gauge's where it measures, else the full-range gauge's."""
    both = zip(curves.full_range_mbar, curves.capacitance_mbar, strict=True)
    return array(
        "d", [c if c > CAPACITANCE_TRUSTED_MBAR else f if f < FULL_RANGE_TRUSTED_MBAR else NAN for f, c in both]
    )


def _rounded(at_s: Values, values: Values) -> tuple[Values, Values]:
    return [round(at, 2) for at in at_s], [float(f"{value:.5g}") for value in values]
