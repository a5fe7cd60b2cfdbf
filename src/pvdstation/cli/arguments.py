"""The command line before it is parsed: a recipe that begins with a minus is not an option."""

import re
from collections.abc import Sequence

TAKES_VALUE = frozenset(
    {
        "--station", "--set", "--answer", "--seed", "--plot", "--events", "--transcript", "--speed", "--fault",
        "--output", "-o",
        "--data", "--operator", "--sample", "--h2o", "--o2", "--lot", "--note", "--by", "--format", "--compare",
        "--material", "--since", "--until", "--outcome", "--measured", "--layer", "--from", "--method", "--rate",
        "--amplitude", "--continue", "--who", "--why", "--first", "--recipes", "--points",
    }
)  # fmt: skip
"""Options whose next word is theirs, whatever it begins with."""

_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9-]*(=.*)?", re.DOTALL)


def shield(arguments: Sequence[str]) -> list[str]:
    """Return the words with those that cannot be options moved behind ``--``, in their order."""
    kept: list[str] = []
    behind: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            behind.extend(words)
        elif word.startswith("-") and word != "-" and not _OPTION.fullmatch(word):
            behind.append(word)
        else:
            kept.append(word)
            if word in TAKES_VALUE:
                following = next(words, None)
                if following is not None:
                    kept.append(following)
    return [*kept, "--", *behind] if behind or "--" in arguments[len(kept) :] else kept


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether one JSON document is asked for."""
    words = shield(arguments)
    return "--json" in (words[: words.index("--")] if "--" in words else words)
