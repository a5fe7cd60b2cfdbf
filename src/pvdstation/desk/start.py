"""What a start is asked with: the recipe, how it goes through time, and what a person said. Travels as ``Ask.form``."""

from typing import Any, NamedTuple

from pvdstation.desk.shapes import as_json, of_json

RECIPE = "recipe"
TUNE = "tune"
BY_HAND = "by hand"
KINDS = (RECIPE, TUNE, BY_HAND)


class Start(NamedTuple):
    """One run that is to begin. Paths are absolute: the core has a working folder of its own."""

    kind: str = RECIPE
    recipe: str = ""  # a file, or the notation itself; tune: "tune Zn", with the words of ``pvd tune``
    sha256: str = ""  # of the recipe as it was checked; another one is refused. Empty: not checked beforehand
    sets: tuple[str, ...] = ()  # "li_thickness=200 nm"
    answers: tuple[str, ...] = ()  # "colour=yes", for a simulated station
    faults: tuple[str, ...] = ()  # for a simulated station
    speed: float = 1.0  # for a simulated station
    seed: int = 1
    is_live: bool = False  # asked for explicitly
    is_kept: bool = True
    transcript: str = ""  # file
    continues: str = ""  # id of the interrupted run that goes on
    operator: str = ""
    samples: tuple[str, ...] = ()  # "name, id, batch"
    h2o_ppm: float | None = None
    o2_ppm: float | None = None
    lots: tuple[str, ...] = ()  # "Zn=lot 442, 99.99 %"
    note: str = ""
    tune: dict[str, str] | None = None  # source, method, rate, amplitude

    def as_form(self) -> dict[str, Any]:
        """Return it as ``Ask.form``."""
        form: dict[str, Any] = as_json(self)
        return form

    @classmethod
    def of_form(cls, form: object) -> "Start":
        """Return the start of a form. Raises FrameError, which names the field that does not fit."""
        return of_json(cls, form)
