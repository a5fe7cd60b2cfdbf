"""Makes the report of a run: reads it, draws it, and writes it in the form that a file's ending asks for."""

from collections.abc import Mapping

from pvdstation.model.problems import Problem, Refused
from pvdstation.record.report.compare import Comparison
from pvdstation.record.report.compare_page import compare_page
from pvdstation.record.report.pages import Figure, Page
from pvdstation.record.report.run_page import run_page
from pvdstation.record.report.telling import Told

FORMS = (".html", ".md")
_NONE: Mapping[str, str] = {}


def report_of(told: Told, *, is_drawn: bool) -> Page:
    """Return the report of a run, with its pictures or without."""
    return run_page(told.story, overview(told), details(told)) if is_drawn else run_page(told.story)


def report_of_two(comparison: Comparison, *, is_drawn: bool) -> Page:
    """Return the report of two runs side by side, with pictures or without."""
    return compare_page(comparison, overlaid(comparison) if is_drawn else ())


def written(page: Page, form: str, pictures: Mapping[str, str] = _NONE) -> str:
    """Return a page in a form (".html" or ".md"); ``pictures``: files beside it, by name. Raises Refused by others."""
    if form == ".html":
        from pvdstation.record.report.html import html  # noqa: PLC0415 - templates are only for this form

        return html(page)
    if form == ".md":
        from pvdstation.record.report.markdown import markdown  # noqa: PLC0415

        return markdown(page, pictures)
    raise Refused([Problem("--output", f'no report is written as "{form}"', "End the file's name in .html or .md.")])


def overview(told: Told) -> list[Figure]:
    """Return the picture of the whole run."""
    from pvdstation.record.report.plots import draw_run  # noqa: PLC0415 - matplotlib costs half a second

    if not len(told.curves.at_s):
        return []
    caption = "Rate, thickness, power, current, resistance (leads included), pressure and shutters over the whole run."
    if told.story.gas:
        caption += " Gas that enters or leaves shifts a crystal's frequency: a rate shown then is no deposition."
    return [Figure("run", caption, draw_run(told.story, told.curves, told.bands))]


def details(told: Told) -> list[Figure]:
    """Return one picture per layer that was begun."""
    from pvdstation.record.report.plots import Overlay, draw_layer  # noqa: PLC0415

    figures = []
    for layer in told.story.layers:
        if layer.state != "not started":
            zero_s, since = layer.begun_s, "its source was begun"
            if layer.open_s:
                zero_s, since = layer.open_s[0][0], "the substrate shutter opened"
            overlay = Overlay(told.story.heading.run, told.curves, layer, zero_s)
            svg = draw_layer([overlay], since, is_simulated=told.story.heading.is_simulated)
            asked = f"{layer.target_nm:g} nm {layer.material} at {layer.asked_rate_nm_s:g} nm/s (dotted)"
            figures.append(Figure(f"layer-{layer.step}", f"Step {layer.step}: {asked}.", svg))
    return figures


def overlaid(comparison: Comparison) -> list[Figure]:
    """Return one picture per layer that both runs have begun."""
    from pvdstation.record.report.plots import Overlay, draw_layer  # noqa: PLC0415

    tolds = (comparison.first, comparison.second)
    is_simulated = any(told.story.heading.is_simulated for told in tolds)
    figures = []
    for pair in comparison.pairs:
        overlays = [
            Overlay(told.story.heading.run, told.curves, layer, layer.begun_s)
            for told, layer in zip(tolds, pair, strict=True)
            if layer is not None and layer.state != "not started"
        ]
        if len(overlays) == len(tolds) and overlays[0].layer.source == overlays[1].layer.source:
            svg = draw_layer(overlays, "the start of its conditioning", is_simulated=is_simulated)
            first = overlays[0].layer
            figures.append(
                Figure(f"layer-{first.step}", f"{first.material}, step {first.step} of {overlays[0].label}.", svg)
            )
    return figures
