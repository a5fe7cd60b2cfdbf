"""The page of two runs side by side."""

from collections.abc import Iterator, Sequence

from pvdstation.record.report import wording
from pvdstation.record.report.compare import Comparison, Difference, Pair, Parting
from pvdstation.record.report.layer_table import layer_table
from pvdstation.record.report.pages import Figure, Page, Paragraph, Section, Table

RULE = (
    "Means over 10 s, each layer counted from the start of its conditioning. Significant: rates more than 5 % of the "
    "asked rate apart while both substrate shutters are open; powers more than 8 % and 1 W apart, or pressures more "
    "than a factor of 1.5, until the first of both shutters has closed; a substrate shutter that was open shorter by "
    "more than 5 % and 2 s."
)


def compare_page(comparison: Comparison, pictures: Sequence[Figure] = ()) -> Page:
    """Return the page, with overlaid curves where they were drawn."""
    stories = (comparison.first.story, comparison.second.story)
    runs = [story.heading.run for story in stories]
    is_simulated = any(story.heading.is_simulated for story in stories)
    layers = [_layer(pair, runs, is_simulated=is_simulated) for pair in comparison.pairs]
    partings = _partings(comparison.partings, runs) if comparison.partings else Paragraph("None.")
    sections = (
        Section("Where they part", (partings, Paragraph(RULE))),
        Section("Recipe and parameters", (_differences(comparison.recipe, runs, "Every step was asked alike."),)),
        Section("Station", (_differences(comparison.station, runs, "The station files say the same."),)),
        *([Section("Layers", tuple(layers))] if layers else []),
        *([Section("Curves", tuple(pictures))] if pictures else []),
        Section("Both runs", (_both(comparison),)),
    )
    is_alike = stories[0].verdict.outcome == stories[1].verdict.outcome and not comparison.partings
    return Page(
        title=f"{runs[0]} and {runs[1]}",
        subtitle=" · ".join(dict.fromkeys(story.heading.recipe.name for story in stories)),
        outcome=" / ".join(story.verdict.outcome for story in stories),
        is_normal=is_alike,
        is_simulated=is_simulated,
        summary=tuple(_summary(comparison)),
        sections=sections,
    )


def first_parting(comparison: Comparison) -> str:
    """Return the first significant deviation in a sentence."""
    if not comparison.partings:
        return "No significant deviation between the layers"
    first = comparison.partings[0]
    values = " against ".join(_value(value, first) for value in (first.first, first.second))
    when = f"{wording.spoken(first.after_s)} after its start"
    return f"First significant deviation: {first.material} layer, {when}: {first.quantity} {values}"


def _summary(comparison: Comparison) -> Iterator[str]:
    yield first_parting(comparison)
    yield f"Recipe: {_count(comparison.recipe)}; station file: {_count(comparison.station)}"
    for told in (comparison.first, comparison.second):
        verdict = told.story.verdict
        if verdict.outcome != "complete":
            yield f"{told.story.heading.run}, {verdict.outcome}: {verdict.reason}"


def _count(differences: Sequence[Difference]) -> str:
    return wording.counted(len(differences), "difference") if differences else "the same"


def _partings(partings: Sequence[Parting], runs: Sequence[str]) -> Table:
    rows = tuple(
        (p.material, wording.spoken(p.after_s), p.quantity, _value(p.first, p), _value(p.second, p)) for p in partings
    )
    return Table(("layer", "after", "quantity", *runs), rows, frozenset({0}))


def _value(value: float, parting: Parting) -> str:
    return wording.pressure(value) if parting.quantity == "pressure" else f"{value:.3g} {parting.unit}"


def _differences(differences: Sequence[Difference], runs: Sequence[str], none: str) -> Table | Paragraph:
    if not differences:
        return Paragraph(none)
    return Table(("", *runs), tuple(tuple(difference) for difference in differences), kind="sheet")


def _layer(pair: Pair, runs: Sequence[str], *, is_simulated: bool) -> Table:
    there = [(layer, run) for layer, run in zip(pair, runs, strict=True) if layer is not None]
    names = [f"{run}, step {layer.step}: {layer.material}" for layer, run in there]
    return layer_table([layer for layer, _ in there], is_simulated=is_simulated, names=names)


def _both(comparison: Comparison) -> Table:
    headings = [comparison.first.story.heading, comparison.second.story.heading]
    rows = (
        ("started", *(h.started for h in headings)),
        ("plant time", *(wording.duration(h.duration_s) for h in headings)),
        ("operator", *(h.operator or "not stated" for h in headings)),
        ("samples", *(wording.listed([s.name or s.id for s in h.samples]) for h in headings)),
        ("seed", *("–" if h.seed is None else str(h.seed) for h in headings)),
        ("software", *(", ".join(f"{name} {version}" for name, version in h.software) for h in headings)),
        ("recipe sha256", *(h.recipe.sha256 for h in headings)),
        ("station sha256", *(h.station.sha256 for h in headings)),
        ("last row sha256", *(h.head_sha256 for h in headings)),
    )
    return Table(("", *(h.run for h in headings)), rows, kind="sheet")
