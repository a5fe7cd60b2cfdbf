"""The paragraph for the experimental section of a paper, with the numbers that really happened.

What a reader of such a paper needs: substrate, materials with purity, boats, rate and thickness with the monitor that
measured them, pressures and times of the gas step. A fact that the record does not have is left out.
"""

from collections.abc import Iterator, Sequence

from pvdstation.record.cause import Cause
from pvdstation.record.report import wording
from pvdstation.record.report.story import GasStep, Layer, Story

_BOATS = {"W": "a tungsten", "Ta": "a tantalum", "Mo": "a molybdenum"}
_GLOVEBOXES = {"Ar": "an argon-filled", "N2": "a nitrogen-filled"}


def methods(story: Story) -> str:
    """Return the paragraph."""
    return " ".join(_sentences(story))


def _sentences(story: Story) -> Iterator[str]:
    if story.heading.is_simulated:
        yield "The following describes a simulated run; no film was made."
    grown = [layer for layer in story.layers if layer.open_s]
    if grown:
        yield _deposited(story, grown)
        yield _evaporated(story, grown)
        yield _measured(grown)
        yield "A shutter in front of the substrate stayed closed until the set rate was reached."
        for layer in grown:
            yield from _layer(layer)
    else:
        yield "No film was deposited."
    if grown and (missing := [layer.material for layer in story.layers if not layer.open_s]):
        yield f"{wording.listed(missing)} {'was' if len(missing) == 1 else 'were'} not deposited."
    for gas in story.gas:
        yield from _gas(story, gas)
    if story.verdict.outcome != "complete" and story.verdict.cause != Cause.TARGET_MISSED:
        yield _ended(story)


def _deposited(story: Story, grown: Sequence[Layer]) -> str:
    together: dict[int, list[str]] = {}
    for layer in grown:
        together.setdefault(layer.step, []).append(layer.material)
    materials = wording.listed([" together with ".join(materials) for materials in together.values()])
    one = len(together) == 1
    what = f"A layer of {materials} was" if one else f"Layers of {materials} were"
    how = "" if one else " one after the other, without breaking the vacuum,"
    boats = {layer.boat for layer in grown}
    heated = "a resistively heated boat" if len(boats) == 1 else "resistively heated boats"
    place = _GLOVEBOXES.get(story.glovebox_gas, f"a {story.glovebox_gas}-filled")
    heading = story.heading
    ppm = [f"{wording.plain(value)} ppm {name}" for value, name in ((heading.h2o_ppm, "H2O"), (heading.o2_ppm, "O2"))
           if value is not None]  # fmt: skip
    air = f" ({wording.listed(ppm)})" if ppm else ""
    return f"{what} deposited{how}{_onto(story)} by thermal evaporation from {heated} inside {place} glovebox{air}."


def _onto(story: Story) -> str:
    names = []
    for sample in story.heading.samples:
        more = ", ".join(part for part in (sample.id, sample.batch and f"batch {sample.batch}") if part)
        named = sample.name or sample.id
        names.append(f"{named} ({more})" if more and sample.name else named)
    if not names:
        return ""
    return f" onto {'sample' if len(names) == 1 else 'samples'} {wording.listed(names)}"


def _evaporated(story: Story, grown: Sequence[Layer]) -> str:
    first = list({layer.source: layer for layer in grown}.values())
    parts = []
    for number, layer in enumerate(first):
        boat = _BOATS.get(layer.boat_material, f"a {layer.boat_material}")
        verb = " was evaporated" if number == 0 else ""
        parts.append(f"{layer.material} ({_pure(story, layer.material, layer.purity_pct)}){verb} from {boat} boat")
    return f"{wording.listed(parts)}."


def _pure(story: Story, of: str, purity_pct: float | None) -> str:
    typed = next((lot for lot in story.heading.lots if lot.of == of), None)
    purity = typed.purity if typed is not None else ""
    if not purity and purity_pct is not None:
        purity = f"{wording.plain(purity_pct)} %"
    lot = f"lot {typed.lot}" if typed is not None and typed.lot else ""
    return ", ".join(part for part in (purity, lot) if part)


def _measured(grown: Sequence[Layer]) -> str:
    first = list({layer.source: layer for layer in grown}.values())
    if len(first) == 1:
        tooling = f"a tooling factor of {wording.plain(first[0].tooling_pct)} %"
    else:
        each = [f"{wording.plain(layer.tooling_pct)} % ({layer.material})" for layer in first]
        tooling = f"tooling factors of {wording.listed(each)}"
    crystal = "a 6 MHz quartz crystal" if len({layer.sensor for layer in first}) == 1 else "6 MHz quartz crystals"
    by_unit = all(layer.rate_loop == "sqc" for layer in first)
    control = ", which also controlled the evaporation rate" if by_unit else ""
    controller = f"an INFICON SQC-310 deposition controller{control}"
    return f"Rate and thickness were measured with {crystal}, {tooling} and {controller}."


def _layer(layer: Layer) -> Iterator[str]:
    rate = ""
    if layer.rate_mean_nm_s is not None:
        set_to = f"set to {wording.asked_rate(layer.asked_rate_nm_s, layer.ramps)}"
        spread = "mean ± standard deviation; " if layer.rate_sd_nm_s is not None else "mean; "
        rate = f" at {wording.rate(layer.rate_mean_nm_s, layer.rate_sd_nm_s)} ({spread}{set_to})"
    if layer.indicated_nm is None:
        yield f"{layer.material} was deposited{rate}; its thickness was not recorded."
    else:
        yield f"{wording.thickness(layer.indicated_nm)} of {layer.material} were deposited{rate}{_pressure(layer)}."
    if any(deviation.startswith("film short") for deviation in layer.deviations):
        yield f"This is less than the intended {wording.plain(layer.target_nm)} nm."
    elif any(deviation.startswith("film thick") for deviation in layer.deviations):
        yield f"This is more than the intended {wording.plain(layer.target_nm)} nm."


def _pressure(layer: Layer) -> str:
    base = f"a base pressure of {wording.pressure(layer.base_mbar)}" if layer.base_mbar is not None else ""
    highest = layer.pressure_max_mbar
    most = f"at most {wording.pressure(highest)} during the deposition" if highest is not None else ""
    if base and most:
        return f", with {base} and {most}"
    return f", with {base or most}" if base or most else ""


def _gas(story: Story, gas: GasStep) -> Iterator[str]:
    pure = _pure(story, gas.gas, gas.purity_pct)
    named = f"{gas.gas} ({pure})" if pure else gas.gas
    cooled = (
        f"After the {_sources(story)} had cooled for {wording.spoken(gas.cooled_s)}, the" if gas.cooled_s else "The"
    )
    if gas.reached_mbar is None or gas.held_s is None:
        yield f"{cooled} chamber was isolated from its pump; the step with {named} was not completed."
        return
    within = f" within {wording.spoken(gas.fill_s)}" if gas.fill_s is not None else ""
    yield f"{cooled} chamber was isolated from its pump and filled with {named} to {_target(gas)}{within}."
    refilled = {None: "", 0: "", 1: ", with one refill"}.get(gas.top_ups, f", with {gas.top_ups} refills")
    held = (
        f"A mean pressure of {wording.pressure(gas.reached_mbar)} was held for {wording.spoken(gas.held_s)}{refilled}"
    )
    if gas.evacuated_to_mbar is None:
        yield f"{held}."
        return
    took = f" within {wording.spoken(gas.evacuated_in_s)}" if gas.evacuated_in_s is not None else ""
    yield f"{held}; the chamber was then evacuated to {wording.pressure(gas.evacuated_to_mbar)}{took}."


def _target(gas: GasStep) -> str:
    return f"{wording.plain(gas.target_mbar)} mbar"


def _sources(story: Story) -> str:
    return "source" if len({layer.source for layer in story.layers if layer.open_s}) == 1 else "sources"


def _ended(story: Story) -> str:
    verdict = story.verdict
    where = f" in {verdict.in_step}" if verdict.in_step else ""
    return f"The run was {verdict.outcome}{where} ({verdict.reason.rstrip('.')})."
