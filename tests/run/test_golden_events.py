"""The events of the dual-layer recipe, line by line, floats at display precision.

A change that was meant is taken over by ``python tests/run/paper_runs.py``.
"""

import json

from paper_runs import GOLDEN, paper_run


def test_the_dual_layer_recipe_does_what_its_golden_log_says() -> None:
    golden = GOLDEN.read_text(encoding="utf-8").splitlines()
    lines = paper_run("sim", 1).lines
    for number, (was, now) in enumerate(zip(golden, lines, strict=False), start=1):
        assert json.loads(now) == json.loads(was), f"line {number} of {GOLDEN.name}"
    assert len(lines) == len(golden)


def test_the_golden_log_is_gap_free_and_has_no_wall_time() -> None:
    events = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert [event["at_s"] for event in events] == sorted(event["at_s"] for event in events)
    assert {key for event in events for key in event} == {"number", "at_s", "kind", "source", "text", "values"}
    assert events[-1]["values"]["safe"] == 1.0
