"""What a start waits for before the first step: every link heard. What must be off and closed is the safe state."""

import math

from pvdstation.control.conditions import JOURNAL
from pvdstation.control.scene import Scene
from pvdstation.control.view import View


def unheard(v: View, scene: Scene) -> list[str]:
    """Return what has not been heard of; empty when every link has answered and the record keeps up."""
    heard = {
        "gauges answer": not (math.isnan(v.full_range) and math.isnan(v.capacitance)),
        "turbo answers": v.value(v.s.turbo_speed, v.frame.turbo_age_ns) >= 0,
        "SQC-310 answers": v.slow_sqc(v.s.sqc_phase) >= 0,
        "record keeps up": JOURNAL.holds(v, scene),
        "I/O answers": v.io(v.s.e_stop_ok) >= 0,
        **{f"supply {w.boat} answers": not v.is_unmeasured(w) for w in v.frame.sources if w.is_linked},
    }
    return [text for text, is_heard in heard.items() if not is_heard]
