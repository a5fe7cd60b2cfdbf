"""What every instrument does when this program is gone without a word: the sentence, and after how many seconds."""

from pvdstation.model.station import Station

_ON_ITS_OWN = {
    "sqc": "carries on by itself: a process that runs goes on heating until the supply is off",
    "turbo": "keeps turning",
    "gauges": "nothing: it only measures",
    "gauges2": "nothing: it only measures",
}


def if_we_vanish(station: Station, link: str) -> tuple[str, float | None]:
    """Return what happens behind a link (or to a supply without one), and after how many seconds; None for never."""
    if link == "io":
        return _outputs_drop(station)
    if link in _ON_ITS_OWN:
        return _ON_ITS_OWN[link], None
    number = int(link.removeprefix("supply"))
    watchdog_s = station.supply[number].watchdog
    if watchdog_s is not None:
        return f"its own watchdog, armed for a run, switches its output off after {watchdog_s:g} s", watchdog_s
    what = f"no watchdog of its own: the I/O opens its enable contact after {station.io.watchdog:g} s"
    return what, station.io.watchdog


def _outputs_drop(station: Station) -> tuple[str, float]:
    io = station.io
    if io.map == "wago":
        return f"its watchdog, armed for a run, sets all outputs to 0 after {io.watchdog:g} s", io.watchdog
    proof = io.external_watchdog
    who = f"{proof.what} (proved {proof.proved})" if proof is not None else "the module's own watchdog, set by its tool"
    return f"{who}: all outputs 0 after {io.watchdog:g} s", io.watchdog
