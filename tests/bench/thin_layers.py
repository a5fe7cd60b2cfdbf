"""Measures by how much thin layers and the films beside them miss: python tests/bench/thin_layers.py [SEEDS].

Prints, for each layer and loop owner, the lowest and the highest of what is missing or too much: of the thickness that
ends the layer, of the true film, and of the other source's film beside its share.
"""

import sys

from pvdstation import dry_run

LAYERS = (
    "2 nm Zn at 0.1 nm/s",
    "5 nm Zn at 0.5 nm/s",
    "10 nm Zn at 1 nm/s",
    "5 nm Li at 0.5 nm/s",
    "5 nm Zn at 0.4 nm/s with Li at 0.1 nm/s",
    "20 nm Zn at 0.4 nm/s with Li at 0.1 nm/s",
    "100 nm Zn at 0.4 nm/s with Li at 0.1 nm/s",
    "300 nm Zn at 0.5 nm/s",
)
OTHER = 0.25
"""Share of the other source in each co-deposition."""
STATIONS = ("sim", "sim-host-loop")


def main(seeds: int) -> None:
    """Print one row per layer and station."""
    print(f"{'layer':<44}{'station':<16}{'indicated nm':>18}{'true nm':>18}{'other nm':>18}")
    for layer in LAYERS:
        for station in STATIONS:
            print(f"{layer:<44}{station:<16}{_row(layer, station, seeds)}", flush=True)


def _row(layer: str, station: str, seeds: int) -> str:
    indicated: list[float] = []
    true: list[float] = []
    other: list[float] = []
    for seed in range(1, seeds + 1):
        result = dry_run(layer, station=station, seed=seed, record=False)
        step = next(step for step in result.steps if step.do == "deposit")
        if step.indicated_nm is None or step.true_nm is None or step.target_nm is None:
            return f"  {result.outcome}: {result.reason}"
        indicated.append(step.indicated_nm - step.target_nm)
        true.append(step.true_nm - step.target_nm)
        other += [
            film.indicated_nm - step.target_nm * OTHER for film in step.together or () if film.indicated_nm is not None
        ]
    return "".join(f"{_span(values):>18}" for values in (indicated, true, other))


def _span(values: list[float]) -> str:
    return f"{min(values):+.2f} … {max(values):+.2f}" if values else ""


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
