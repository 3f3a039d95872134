"""A form of an operator, and what a person does in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from .driver import App

DIALOG = "[data-cy=operators-prompt-modal]"


class Form:
    """A form of an operator. An answer is given when the form shows it and has told the server of it.

    Args:
        app: where it is
        root: the dialog, or the part of it that is meant
    """

    def __init__(self, app: App, root: Locator) -> None:
        self.app = app
        self.root = root

    def field(self, label: str) -> Locator:
        """What stands under a label: the innermost box that holds both."""
        return self.root.locator(".MuiGrid-item").filter(has=self.root.page.get_by_text(label, exact=True)).last

    def fill(self, label: str, text: str) -> None:
        """Types into a field."""
        box = self.field(label).locator("input").first

        def write() -> None:
            box.fill("")  # the same text again would be no change
            box.fill(text)

        self._answer(write, lambda: box.input_value() == text, label, text)

    def add(self, label: str, *values: str) -> None:
        """Adds values to a list of words."""
        box = self.field(label).get_by_role("combobox")

        def write(value: str) -> None:
            box.fill(value)
            box.press("Enter")

        for value in values:
            chip = self.field(label).get_by_role("button", name=value, exact=True)
            self._answer(lambda value=value: write(value), chip.is_visible, label, value)  # type: ignore[misc]

    def choose(self, label: str, value: str) -> None:
        """Picks from a list."""
        box = self.field(label).get_by_role("combobox")

        def pick() -> None:
            box.click()
            self.root.page.get_by_role("option", name=value).first.click()

        self._answer(pick, lambda: value in _text_of(box), label)

    def pick(self, label: str, text: str) -> None:
        """Adds to a list of words what a list of offers has, found by a part of its text."""
        box, chip = self.field(label).get_by_role("combobox"), self.chips(label).filter(has_text=text)

        def write() -> None:
            box.fill(text)
            self.root.page.get_by_role("option").filter(has_text=text).first.click()

        self._answer(write, chip.is_visible, label)

    def switch(self, label: str) -> None:
        """Turn on a switch or ticks a box, which may be anything that starts with these words."""
        place = self.root.locator("label").filter(has_text=label)
        self._answer(place.click, place.get_by_role("checkbox").is_checked, label)

    def switch_off(self, label: str) -> None:
        """Turns off a switch."""
        place = self.root.locator("label").filter(has_text=label)
        self._answer(place.click, lambda: not place.get_by_role("checkbox").is_checked(), label)

    def chips(self, label: str) -> Locator:
        """The values in a list of words."""
        return self.field(label).locator(".MuiChip-label")

    def item(self, number: int) -> Form:
        """One of the numbered items of a list, which is a small form itself."""
        badge = self.root.page.locator(".MuiAvatar-root").get_by_text(str(number), exact=True)
        return Form(self.app, self.root.locator(".MuiGrid-container.MuiGrid-item").filter(has=badge).last)

    def button(self, name: str) -> Locator:
        """One of its buttons."""
        return self.root.get_by_role("button", name=name, exact=True)

    def _answer(self, act: Callable[[], None], shown: Callable[[], bool], label: str, value: str | None = None) -> None:
        """Gives an answer.

        Args:
            act: how
            shown: whether the form shows it
            label: of the field
            value: what the server has to be told, where that is what was typed
        """
        traffic = self.app.traffic
        before = len(traffic.asked)

        def taken() -> bool:
            told = len(traffic.asked) > before if value is None else traffic.said(value, before)
            return told and shown()

        self.app.act_until(act, taken, f"{value or 'an answer'} for {label!r}")
        self.settle()
        assert shown(), f"the answer for {label!r} is gone again"

    def settle(self) -> None:
        """Waits until the form has taken in what was answered."""
        self.app.settle()
        expect(self.root.page.locator(DIALOG).get_by_role("progressbar")).to_have_count(0)

    def submit(self, name: str) -> None:
        """Presses the button that runs it, as soon as the form is found to be in order."""
        self.settle()
        expect(self.button(name)).to_be_enabled()
        self.button(name).click()

    def cancel(self) -> None:
        """Leaves without doing anything."""
        self.button("Cancel").click()
        self.root.wait_for(state="hidden")


def _text_of(box: Locator) -> str:
    """What a list shows as chosen, whether it can be typed into or not."""
    return box.input_value() if box.evaluate("box => box.tagName") == "INPUT" else box.inner_text()
