"""What a tuning run has found: the fit, the proposal or the manual's estimates, and the lines for the station file."""

import math
from dataclasses import asdict, dataclass

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Source
from pvdstation.model.toml import load_station
from pvdstation.record.precision import rounded
from pvdstation.record.run_file import RunFile
from pvdstation.record.tuning.answer import Answer, answer_of
from pvdstation.record.tuning.first_order import Fitted, fit
from pvdstation.record.tuning.proposal import Proposal, by_relay, by_simc
from pvdstation.record.tuning.relay import Oscillation, oscillation

I_TERM = (
    "SQC-310 manual: twice the time from 1/3 to 2/3 of the new rate; of a first order that is 2 ln 2 = 1.39 time "
    "constants"
)
D_TERM = "SQC-310 manual: the time from a change of the power until the rate begins to change; 0 switches it off"
WHY_NO_P = (
    "P is left to the person: the manual does not state its unit, so no measurement can be turned into the number that "
    "the unit wants. Its procedure starts from the power at the wanted rate and at nearly none; raise P until the rate "
    "begins to oscillate, then halve it"
)


@dataclass(frozen=True, slots=True)
class SqcTerms:
    """The manual's I and D of a source, s; 1 sigma each."""

    i_s: float
    i_sd_s: float
    d_s: float
    d_sd_s: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """Everything that is to be said of a tuning run."""

    answer: Answer
    fitted: Fitted | None  # of the step method
    oscillation: Oscillation | None  # of the relay method
    proposal: Proposal | None  # for our own loop
    terms: SqcTerms | None  # for the SQC-310's
    present: str  # the line of the station file as it is
    lines: str  # what a person writes instead, when it is to be used

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        answer = self.answer
        fields: dict[str, object] = {
            "source": answer.source,
            "owner": answer.owner,
            "method": answer.method,
            "amplitude_pct": rounded("amplitude_pct", answer.amplitude_pct),
        }
        if self.fitted is not None:
            model = self.fitted.model
            fields["fit"] = _rounded({**asdict(model), "gain_nm_s_pct": model.gain_nm_s_pct})
        if self.oscillation is not None:
            fields["oscillation"] = _rounded(asdict(self.oscillation))
        if self.proposal is not None:
            proposal = self.proposal
            fields["proposal"] = {
                **_rounded({"gain_pct": proposal.gain_pct, "ti_s": proposal.ti_s}),
                "rule": proposal.rule,
                "prediction": _rounded(asdict(proposal.prediction)),
            }
        if self.terms is not None:
            fields["sqc"] = {**_rounded(asdict(self.terms)), "i": I_TERM, "d": D_TERM, "p": WHY_NO_P}
        return {**fields, "present": self.present, "write": self.lines}


def tuned(run: RunFile) -> Tuned:
    """Return what a tuning run says. Raises Refused when it says nothing."""
    answer = answer_of(run)
    source = load_station(run.station, "the station of the record").source[answer.source]
    try:
        return _of_relay(answer, source) if answer.method == "relay" else _of_step(answer, source)
    except ValueError as error:
        what = f"{answer.source} cannot be tuned by it: {error}"
        raise Refused([Problem(run.run, what, "Tune it again; look at the plot of the rate first.")]) from None


def _of_relay(answer: Answer, source: Source) -> Tuned:
    found = oscillation(answer)
    proposal = by_relay(found)
    return Tuned(answer, None, found, proposal, None, *_host_lines(answer.source, source, proposal))


def _of_step(answer: Answer, source: Source) -> Tuned:
    fitted = fit(answer)
    model = fitted.model
    if answer.owner == "host":
        proposal = by_simc(model)
        return Tuned(answer, fitted, None, proposal, None, *_host_lines(answer.source, source, proposal))
    i_per_tau = 2 * math.log(2)
    terms = SqcTerms(i_per_tau * model.tau_s, i_per_tau * model.tau_sd_s, model.dead_s, model.dead_sd_s)
    return Tuned(answer, fitted, None, None, terms, *_sqc_lines(answer.source, source, terms))


def _host_lines(name: str, source: Source, proposal: Proposal) -> tuple[str, str]:
    loop = source.host_loop

    def line(gain: float, ti: float) -> str:
        rest = f'window = "{loop.window:g} s", alpha = {loop.alpha:g}, clip = {loop.clip:g}'
        return f'[source.{name}]\nhost_loop = {{ gain = "{gain:g} %", ti = "{ti:g} s", {rest} }}'

    return line(loop.gain, loop.ti), line(proposal.gain_pct, proposal.ti_s)


def _sqc_lines(name: str, source: Source, terms: SqcTerms) -> tuple[str, str]:
    pid = source.pid

    def line(i: float, d: float) -> str:
        return f'[source.{name}]\npid = {{ p = {pid.p}, i = "{i:g} s", d = "{d:g} s" }}'

    return line(pid.i, pid.d), line(round(terms.i_s, 1), round(terms.d_s, 1))


def _rounded(fields: dict[str, float]) -> dict[str, object]:
    return {name: rounded(name, value) for name, value in fields.items()}
