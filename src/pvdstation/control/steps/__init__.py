"""One file per kind of step: a small frozen state and a pure tick."""
