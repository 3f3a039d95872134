"""The App as a person uses it: the grid, a form, a result, the panel of runs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, TimeoutError, expect

from .album import publish
from .form import DIALOG, Form
from .traffic import Traffic

PATIENCE = 60_000
"""Milliseconds to wait for anything, on a machine that may be busy with other things. Waits end when it is there."""

OURS = ("Operator Error", "@roundtrip/", "roundtrip-cvat", "/assets/app.js")
"""What errors and warnings in the console of the browser have in them that come of the plugin."""
OF_THE_APP: tuple[str, ...] = ()
"""What those have in them that name the plugin, but come of FiftyOne itself."""

WITH_CUT = """items => items.map(item => {
    const box = item.getBoundingClientRect(), is_wide = item.scrollWidth > item.clientWidth + 1;
    const out = box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight;
    return [item.innerText, is_wide || out];
})"""
"""The entries of a menu, and whether anything of each is outside its box or the page."""

LIGHT = pytest.mark.parametrize("theme", ["light"])
"""For tests that see the App in light colours; the others see it in dark ones."""

ADVERT_SEEN = "fiftyone-enterprise-tooltip-seen"


class App:
    """A page with a dataset open.

    Args:
        page: the browser's page
        address: of the App
        shots: where the picture of every step goes
    """

    def __init__(self, page: Page, address: str, shots: Path) -> None:
        self.page = page
        self.address = address
        self.shots = shots
        self.faults: list[str] = []  # of the plugin; those of the App itself are not ours
        self.traffic = Traffic(page)
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.on("console", lambda said: self._listen(said.type, said.text, said.location["url"]))
        page.on("pageerror", lambda error: self._listen("error", f"{error.message}\n{error.stack}", ""))

    def _listen(self, kind: str, text: str, where: str) -> None:
        """Notes an error or a warning that comes of an operator, the panel or the file `assets/app.js`."""
        is_ours = any(name in text or name in where for name in OURS) and not any(name in text for name in OF_THE_APP)
        if kind in ("error", "warning") and is_ours:
            self.faults.append(f"{kind}: {text} {where}")

    def open(self, dataset: str) -> None:
        """Shows a dataset, without what the App advertises over the grid to newcomers."""
        self.page.add_init_script(f"localStorage.setItem('{ADVERT_SEEN}', 'true')")
        self.page.goto(f"{self.address}/datasets/{dataset}")
        self.samples.first.wait_for()
        try:
            self.send_button.wait_for(timeout=PATIENCE / 6)
        except TimeoutError:  # a page asks for the buttons once; a server that is still starting may have had none
            self.page.reload()
            self.send_button.wait_for()
        self.settle()

    def settle(self) -> None:
        """Waits until nothing is about to be drawn anew."""
        self.wait_until(self.traffic.at_rest, "the page has come to rest")

    def act_until(self, act: Callable[[], object], done: Callable[[], bool], what: str) -> None:
        """Does something on a page that is at rest, and waits for its effect.

        Args:
            act: what to do
            done: whether it had its effect
            what: the effect in words
        """
        self.settle()
        if not done():
            act()
            self.wait_until(done, what)

    @property
    def send_button(self) -> Locator:
        """The plugin's button above the grid."""
        return self.page.locator('[data-item-id="@roundtrip/cvat/send_to_cvat"]').first

    @property
    def load_button(self) -> Locator:
        """The other one, which is there when there is something to load."""
        return self.page.locator('[data-item-id="@roundtrip/cvat/load_annotations"]')

    @property
    def samples(self) -> Locator:
        """The samples in the grid."""
        return self.page.locator("[data-cy=looker]")

    def select(self, *numbers: int) -> None:
        """Ticks samples of the grid."""
        ticked = self.page.locator("[data-cy=selection-count-container]")
        for count, number in enumerate(numbers, 1):
            sample = self.samples.nth(number)
            sample.locator("canvas[canvas-loaded=true]").wait_for()
            self.settle()
            sample.hover()
            sample.locator("label").click()
            expect(ticked).to_have_text(str(count))

    def press_send(self) -> Form:
        """The button "Send to CVAT" above the grid."""
        form = self.page.locator(DIALOG)
        self.act_until(self.send_button.click, form.is_visible, "the button opens the form")
        return self.form()

    def browse(self, words: str) -> Form:
        """Opens an operator from the operator browser."""
        search = self.page.get_by_placeholder("Search operations")
        self.act_until(lambda: self.page.keyboard.press("`"), search.is_visible, "the key opens the operator browser")
        search.fill(words)
        self.page.get_by_text(words, exact=True).last.wait_for()
        search.press("Enter")
        return self.form()

    def form(self) -> Form:
        """The form that is open, once it is drawn."""
        form = Form(self, self.page.locator(DIALOG))
        expect(form.root.get_by_role("button")).not_to_have_count(0)
        form.settle()
        return form

    def toast(self, text: str) -> None:
        """Waits for a passing message."""
        self.page.locator("#notistack-snackbar").filter(has_text=text).wait_for()

    def result(self, text: str) -> Locator:
        """The result of the operator that ran, when it says this; until then the same dialog shows the progress."""
        result = self.page.locator("[data-cy=operators-prompt-view-modal]")
        expect(result).to_contain_text(text)
        return result

    def close_result(self) -> None:
        """Puts the result away."""
        result = self.page.locator("[data-cy=operators-prompt-view-modal]")
        result.get_by_role("button").last.click()
        result.wait_for(state="hidden")

    def open_panel(self) -> Panel:
        """Opens "CVAT" beside the grid."""
        self.page.locator("[data-cy=new-panel-btn]").first.click()
        self.page.get_by_text("CVAT", exact=True).first.click()
        panel = Panel(self)
        panel.root.get_by_role("button", name="Refresh").wait_for()
        return panel

    def shoot(self, name: str, document: bool = False) -> None:
        """Takes a picture of the page.

        Args:
            name: of the file, without its ending
            document: whether it is one for the documentation, where it goes only if `ROUNDTRIP_IMAGES` is set
        """
        path = self.shots / f"{name}.png"
        if document:
            self.wait_for_images()
        self.page.screenshot(path=path, animations="disabled")
        if document:
            publish(path)

    def wait_for_images(self) -> None:
        """Waits until the samples of the grid are drawn, as they are anew whenever the grid gets another width."""
        drawn = self.samples.locator("canvas[canvas-loaded=true]")
        self.wait_until(lambda: drawn.count() == self.samples.count(), "the samples of the grid are drawn")

    def look_into_sample(self, number: int) -> Image.Image:
        """Opens a sample, and closes it again; what it shows, without its lowest part with the controls."""
        shown = self.page.locator("[data-cy=modal-looker-container]")
        self.act_until(self.samples.nth(number).click, shown.is_visible, "the sample opens")
        shown.locator("canvas[canvas-loaded=true]").first.wait_for()
        self.page.mouse.move(0, 0)  # the controls go
        expect(self.page.locator("#notistack-snackbar")).to_have_count(0)
        self.settle()
        self.page.wait_for_timeout(1_000)  # they fade
        picture = Image.open(io.BytesIO(shown.screenshot(animations="disabled"))).convert("RGB")
        self.page.keyboard.press("Escape")
        shown.wait_for(state="hidden")
        return picture.crop((0, 0, picture.width, picture.height * 9 // 10))

    def check_width(self, panel: Locator, most: float) -> None:
        """Checks that a panel is no wider than this, and that nothing in it is cut or has to be scrolled sideways."""
        self.settle()
        box = panel.bounding_box()
        assert box is not None and box["width"] <= most
        wide = panel.evaluate(
            """panel => [...panel.querySelectorAll("*")].filter(part => {
                const box = part.getBoundingClientRect(), around = panel.getBoundingClientRect();
                return box.width > 0 && getComputedStyle(part).visibility !== "hidden" && box.right > around.right + 1;
            }).map(part => part.outerHTML.slice(0, 200))"""
        )
        assert wide == []

    def wait_for_grid(self, count: int) -> None:
        """Waits until so many samples are drawn."""
        expect(self.samples.locator("canvas[canvas-loaded=true]")).to_have_count(count)

    def look_at_first_sample(self) -> bytes:
        """What the page shows where the first sample is."""
        return self.page.screenshot(clip=self.samples.first.bounding_box(), animations="disabled")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for what no selector can tell."""
        ends = time.monotonic() + PATIENCE / 1000
        while not condition():
            assert time.monotonic() < ends, f"waited in vain until {what}"
            self.page.wait_for_timeout(100)


class Panel:
    """The panel "CVAT"."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.page = app.page
        self.root = self.page.locator("[data-cy=panel-content-cvat]")

    def card(self, key: str) -> Locator:
        """A run: the innermost box that holds its name and its menu."""
        named = self.root.locator(".MuiBox-root").filter(has=self.page.locator("strong", has_text=key))
        return named.filter(has=self.page.get_by_role("combobox")).last

    def said(self, text: str) -> None:
        """Waits for a notice."""
        self.root.get_by_role("alert").filter(has_text=text).first.wait_for()

    def step(self, key: str, label: str) -> None:
        """The next step of a run."""
        self.card(key).get_by_role("button", name=label, exact=True).click()

    def _dots(self, key: str) -> Locator:
        return self.card(key).get_by_role("combobox")

    def act(self, key: str, action: str) -> None:
        """One of the actions behind the three dots."""
        item = self.page.get_by_role("option", name=action, exact=True)
        for _ in range(10):  # a card that is drawn anew takes its menu along
            self.app.act_until(self._dots(key).click, item.is_visible, "the run has a menu")
            with suppress(TimeoutError):
                item.click(timeout=PATIENCE / 6)
                return
        raise AssertionError(f"waited in vain for {action!r} in the menu of {key}")

    def actions(self, key: str) -> list[str]:
        """The actions that a run has; none of them may be cut."""
        items = self.page.get_by_role("option")
        names: list[str] = []
        cut: list[str] = []

        def has_names() -> bool:  # a card that is drawn anew closes its menu
            found = [(text.splitlines()[0], is_cut) for text, is_cut in items.evaluate_all(WITH_CUT) if text.strip()]
            names[:], cut[:] = [text for text, _ in found], [text for text, is_cut in found if is_cut]
            return bool(names) and not cut

        self.app.act_until(self._dots(key).click, has_names, "the run has a menu of which nothing is cut")
        self.page.keyboard.press("Escape")
        expect(items).to_have_count(0)
        return names
