"""Files of the Recipe page: opened, saved, and asked about before anything is lost."""

import asyncio
from pathlib import Path

from pvdstation.tui.parts.form import Field, Form
from pvdstation.tui.recipe.editor import RecipeText
from pvdstation.tui.recipe.filing import (
    FilingError,
    as_file,
    is_as_known,
    path_of,
    read_text,
    recipes_in,
    write_draft,
    write_text,
)
from pvdstation.tui.recipe.looking import Seen
from pvdstation.tui.recipe.windows import OpenWindow, SureWindow
from pvdstation.tui.recipe.writing import WritingPage


class FilingPage(WritingPage):
    """Opens and saves the text, and finds what a run can read it from."""

    def action_new(self) -> None:
        """Begin a new recipe."""
        self.run_worker(self._new(), group="file", exclusive=True)

    async def _new(self) -> None:
        if await self._may_leave():
            self._take(None, "", None)
            self.action_edit()

    def action_open(self) -> None:
        """Open a recipe file."""
        self.run_worker(self._open(), group="file", exclusive=True)

    async def _open(self) -> None:
        folder = self.desk.place.recipes
        chosen = await self.app.push_screen_wait(OpenWindow(folder, recipes_in(folder)))
        if chosen is None or not await self._may_leave():
            return
        path = path_of(chosen, folder)
        try:
            text = read_text(path)
        except FilingError as error:
            self.desk.say(str(error), is_bad=True)
            return
        self._take(path, text, text)
        self.focus()

    def _take(self, path: Path | None, text: str, known: str | None) -> None:
        editor = self.query_one("#text", RecipeText)
        self.path = path
        editor.load_text(text)
        self.known = editor.text if known is not None else None  # line ends as the editor has them
        self.remove_class("-looking")
        self.tell_titles()

    async def _may_leave(self) -> bool:
        if not (self.is_dirty and self.text.strip()):
            return True
        question = "The text has not been saved. Leave it?"
        return await self.app.push_screen_wait(SureWindow(question, "leave it, it is lost"))

    def action_save(self) -> None:
        """Save the text to its file, or to one that is named."""
        self.run_worker(self._save(), group="file", exclusive=True)

    async def _save(self) -> bool:
        text, path = self.text, self.path
        if path is None:
            path = await self._name_file()
            if path is None:
                return False
            if not self.written().is_file:
                text = as_file(text, path.stem)
        known = self.known if path == self.path else None
        if not await asyncio.to_thread(is_as_known, path, known):
            why = "has been changed by somebody else since it was read" if known is not None else "exists already"
            is_sure = await self.app.push_screen_wait(SureWindow(f"{path}\n{why}.", "write over it"))
            if not is_sure:
                return False
        try:
            await asyncio.to_thread(write_text, path, text)
        except FilingError as error:
            self.desk.say(str(error), is_bad=True)
            return False
        if path != self.path or text != self.text:
            self._take(path, text, text)
        self.known = self.text
        self.tell_titles()
        self.desk.say(f"saved: {path}")
        return True

    async def _name_file(self) -> Path | None:
        folder = self.desk.place.recipes
        field = Field("file", "name or path; it ends in .toml")
        filled = await self.app.push_screen_wait(Form("Save the recipe", f"in {folder}", [field], "save"))
        return path_of(filled["file"], folder) if filled else None

    def runnable(self, seen: Seen) -> str:
        """Return what names a checked text to a run: its file, itself, or a draft. Raises FilingError."""
        written = seen.written
        if not written.is_file:
            return written.text
        if self.path is not None and not self.is_dirty and is_as_known(self.path, self.known):
            return str(self.path.resolve())
        if seen.recipe is not None and seen.recipe.included:
            raise FilingError("It names other recipe files beside it: save it first (s).")
        return str(write_draft(written, self.desk.place.data))
