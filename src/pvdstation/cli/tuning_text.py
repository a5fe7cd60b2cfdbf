"""A tuning run as a person reads it: what will happen, before; what was found, after."""

import math

from rich.table import Table
from rich.text import Text

from pvdstation.cli.wording import duration
from pvdstation.model.station import Station
from pvdstation.recipe.tuning import Planned, evaporated_nm, excited_s
from pvdstation.record.tuning.first_order import FirstOrder
from pvdstation.record.tuning.proposal import Proposal
from pvdstation.record.tuning.relay import Oscillation
from pvdstation.record.tuning.tuned import D_TERM, I_TERM, WHY_NO_P, SqcTerms, Tuned

Part = Text | Table | str


def plan_parts(planned: Planned, station: Station) -> list[Part]:
    """Return every step and every number of what will happen."""
    work = planned.work
    source = station.source[work.source]
    supply = station.supply[source.boat]
    lines = [f"{step.index}  {step.text}   ({duration(step.estimate_s)})" for step in planned.procedure.steps]
    by_a = work.amplitude_pct * supply.full_scale / 100
    who = "the power is moved" if source.rate_loop == "host" else "the SQC-310's power is moved by hand (S)"
    how = f"up by {work.amplitude_pct:g} % and back" if work.method == "step" else f"± {work.amplitude_pct:g} %"
    most_a = source.max_power * supply.full_scale / 100
    lines += ["", "The substrate shutter stays closed; the source shutter opens at the end of soak 2."]
    lines.append(f"When the rate has been {work.rate_nm_s:g} nm/s for {work.settle_s:g} s, its loop is opened.")
    limits = f"never above {source.max_power:g} % ({most_a:.1f} A), at most {source.slew:g} %/s"
    lines.append(f"Then {who} {how} ({by_a:.2g} A), for {duration(excited_s(work))} at most; {limits}.")
    if source.rate_loop == "sqc":
        lines.append("Then its own loop is closed again (S0), the layer ended (U5), and its output read as 0.00 %.")
    lines.append("All interlocks act, and outside 0.3 to 1.7 times the rate it ends by itself.")
    stop = "ramps it down" if source.rate_loop == "host" else "stops the unit where it is in manual power"
    lines.append(f"Hold and abort switch the source off; stop {stop}.")
    taken = f"{planned.charge.needed_mg:.0f} mg of {planned.charge.available_mg:.0f} mg {work.source}"
    life = f"the crystal goes to {planned.crystal.after_pct:.1f} % of its life"
    as_film = f"as {evaporated_nm(work, station):.0f} nm"
    lines.append(f"It takes {taken} ({as_film}), {life}; about {duration(planned.total_s)} in all.")
    return [Text(line) for line in lines]


def found_parts(found: Tuned) -> list[Part]:
    """Return what was found, the proposal with its rule, and the lines for the station file."""
    parts: list[Part] = []
    if found.fitted is not None:
        parts += [_model(found.fitted.model), ""]
    if found.oscillation is not None:
        parts += [_oscillation(found.oscillation), ""]
    if found.terms is not None:
        parts += _terms(found.terms)
    if found.proposal is not None:
        parts += _proposal(found.proposal)
    parts += [Text(f"now:\n{found.present}", style="dim"), "", Text("To use it, write into the station file:")]
    return [*parts, Text(found.lines, style="bold"), Text("Nothing was written.", style="dim")]


def _table() -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False, show_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _model(model: FirstOrder) -> Table:
    table = _table()
    table.add_row("operating point", f"{model.rate_nm_s:.3f} nm/s at {model.drive_pct:.1f} %")
    gain = f"{model.gain_per_pct:.3f} ± {model.gain_sd:.3f} of the rate per %"
    table.add_row("gain", f"{gain} ({model.gain_nm_s_pct:.3f} nm/s per %)")
    table.add_row("time constant", f"{model.tau_s:.1f} ± {model.tau_sd_s:.1f} s")
    table.add_row("dead time", f"{model.dead_s:.1f} ± {model.dead_sd_s:.1f} s, the filter of the rate in it")
    table.add_row("left over", f"{100 * model.noise:.1f} % of the rate")
    return table


def _oscillation(found: Oscillation) -> Table:
    table = _table()
    table.add_row("operating point", f"{found.rate_nm_s:.3f} nm/s at {found.drive_pct:.1f} %")
    swing = f"{found.period_s:.1f} ± {found.period_sd_s:.1f} s, ± {100 * found.amplitude:.1f} % of the rate"
    table.add_row("oscillation", f"{swing}, {found.cycles} cycles")
    gain = f"{found.ultimate_gain_pct:.0f} ± {found.ultimate_gain_sd_pct:.0f} % per unit of ln(rate)"
    table.add_row("ultimate gain", gain)
    table.add_row("ultimate period", f"{found.ultimate_period_s:.1f} ± {found.ultimate_period_sd_s:.1f} s")
    return table


def _terms(terms: SqcTerms) -> list[Part]:
    table = _table()
    table.add_row("I", f"{terms.i_s:.1f} ± {terms.i_sd_s:.1f} s")
    table.add_row("", Text(I_TERM, style="dim"))
    table.add_row("D", f"{terms.d_s:.1f} ± {terms.d_sd_s:.1f} s")
    table.add_row("", Text(D_TERM, style="dim"))
    return [table, Text(f"{WHY_NO_P}."), ""]


def _proposal(proposal: Proposal) -> list[Part]:
    expected = proposal.prediction
    table = _table()
    table.add_row("proposed", Text(f"gain {proposal.gain_pct:g} %, ti {proposal.ti_s:g} s", style="bold"))
    table.add_row("by", Text(proposal.rule, style="dim"))
    margins = f"gain margin {_number(expected.gain_margin)}, phase margin {_number(expected.phase_margin_deg)}°"
    settles = "does not settle" if math.isinf(expected.settles_s) else f"settles in {expected.settles_s:.0f} s"
    answer = f"a set-point 10 % higher overshoots by {expected.overshoot_pct:.0f} % of the change and {settles}"
    table.add_row("closed loop", f"{margins}; {answer}")
    return [table, ""]


def _number(value: float) -> str:
    return "unlimited" if math.isinf(value) else f"{value:.2g}"
