"""How refusals read: where, what is wrong, what to write instead; all problems of one source together."""

import textwrap
from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len

from pvdstation.model.problems import Problem

_INDENT = "    "
_NARROWEST = 40
_BEFORE_CARET = 30
_ELLIPSIS = "…"


def refusal_text(problems: Sequence[Problem], width: int) -> str:
    """Return the text a person reads, at most ``width`` columns wide where words allow it."""
    width = max(width, _NARROWEST)
    blocks = []
    for file, group in groupby(problems, key=lambda p: p.file):
        listed = list(group)
        blocks.append(_of_file(file, listed, width) if file else _of_text(listed, width))
    return "\n\n".join(blocks)


def _of_file(file: str, problems: list[Problem], width: int) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    entries = [f"  {_place(p)}\n{_wrapped(as_sentence(p.what), width)}{_advice(p, width)}" for p in problems]
    return "\n\n".join([f"{file}: {count}, nothing was started", *entries])


def _place(problem: Problem) -> str:
    line = f"line {problem.line}" if problem.line is not None else ""
    column = f"column {problem.column}" if problem.column is not None else ""
    if problem.file or not problem.source_line:
        parts = [line, column, problem.where]
    else:
        parts = ["the recipe", line, column, problem.where.removeprefix("the recipe")]
    return ", ".join(part for part in parts if part)


def _advice(problem: Problem, width: int) -> str:
    return f"\n{_wrapped(as_sentence(problem.write), width)}" if problem.write else ""


def _of_text(problems: list[Problem], width: int) -> str:
    return "\n\n".join(_caret(p, width) if p.source_line else _plain(p, width) for p in problems)


def _plain(problem: Problem, width: int) -> str:
    return f"{_place(problem)}\n{_wrapped(_both(problem), width)}"


def _caret(problem: Problem, width: int) -> str:
    line, column = _window(problem.source_line, (problem.column or 1) - 1, width - len(_INDENT))
    span = max(1, min(problem.span, len(line) - column))
    before = " " * (len(_INDENT) + cell_len(line[:column]))
    marks = "^" * cell_len(line[column : column + span]) or "^"
    sentence = _both(problem)
    pointer = f"{before}{marks} {sentence}"
    if cell_len(pointer) > width:
        pointer = f"{before}{marks}\n{_wrapped(sentence, width)}"
    return f"{_place(problem)}\n{_INDENT}{line}\n{pointer}"


def _window(line: str, column: int, width: int) -> tuple[str, int]:
    """Cut a long line so that the place stays in view; return the cut line and the place in it."""
    line = line.replace("\t", " ")
    column = min(column, len(line))
    if len(line) <= width:
        return line, column
    start = max(0, column - _BEFORE_CARET)
    shown = line[start : start + width - 2]
    head = _ELLIPSIS if start else ""
    tail = _ELLIPSIS if start + len(shown) < len(line) else ""
    return f"{head}{shown}{tail}", column - start + len(head)


def _both(problem: Problem) -> str:
    return " ".join(as_sentence(part) for part in (problem.what, problem.write) if part)


def as_sentence(text: str) -> str:
    """Return a text with the end of a sentence."""
    text = text.strip()
    return text if text.endswith((".", "?", "!", "…", ":")) else f"{text}."


def _wrapped(text: str, width: int) -> str:
    wrap = textwrap.TextWrapper(
        width=width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join("\n".join(wrap.wrap(line)) for line in text.splitlines())
