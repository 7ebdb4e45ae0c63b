"""What can be measured on an open notebook: names, alternatives, sizes, contrast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .notebook import PANEL

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from .notebook import Notebook

OUTPUT = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output"
CONTROLS = ":is(input, select, textarea, button)"


def pictures_without_alternative(notebook: Notebook) -> list[str]:
    """Pictures in outputs whose text alternative says nothing."""
    return notebook.page.locator(f"{OUTPUT} img").evaluate_all(
        "all => all.filter(i => !i.alt.trim()).map(i => i.outerHTML.slice(0, 200))"
    )


def controls_without_name(notebook: Notebook) -> list[str]:
    """Controls in outputs that a screen reader could not name."""
    from playwright.sync_api import expect

    nameless = []
    for control in notebook.page.locator(f"{OUTPUT} {CONTROLS}").all():
        try:
            expect(control).to_have_accessible_name(re.compile(r"\w"), timeout=500)
        except AssertionError:
            nameless.append(control.evaluate("c => c.outerHTML.slice(0, 200)"))
    return nameless


def picture_of(figure: Locator) -> dict[str, Any]:
    """The text alternative, the caption and a fingerprint of a figure's picture."""
    return figure.evaluate(
        """async figure => {
            const picture = figure.querySelector('img');
            const bytes = await (await fetch(picture.src)).arrayBuffer();
            const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
            return {alt: picture.alt, picture: Array.from(digest).join(' '),
                caption: figure.querySelector('.course-caption').textContent};
        }"""
    )


def wait_for_picture(notebook: Notebook, figure: Locator) -> None:
    """Waits until a live figure shows the answer to the last move."""
    notebook.page.wait_for_function(
        """figure => figure.getAttribute('aria-busy') === null
            && figure.querySelector('img').complete""",
        arg=figure.element_handle(),
        timeout=20_000,
    )


def move(notebook: Notebook, figure: Locator, control: Locator) -> None:
    """Moves a control by keyboard, one step; the picture must change and focus must stay."""
    control.scroll_into_view_if_needed()
    name = control.evaluate("c => c.labels[0].textContent")
    wait_for_picture(notebook, figure)
    before, cells = picture_of(figure), len(notebook.cells())
    value = control.input_value()
    if control.evaluate("c => c.type === 'range'"):
        at_end = control.evaluate("c => Number(c.value) + Number(c.step) > Number(c.max) + 1e-9")
        control.press("ArrowLeft" if at_end else "ArrowRight")
    else:
        last = control.evaluate("c => c.selectedIndex === c.options.length - 1")
        control.press("ArrowUp" if last else "ArrowDown")
    assert control.input_value() != value, f"the key did not move “{name}”"
    wait_for_picture(notebook, figure)
    after = picture_of(figure)
    assert after["picture"] != before["picture"], f"moving “{name}” changes nothing"
    assert after["alt"].strip() and after["alt"] == after["caption"]
    assert control.evaluate("c => c === document.activeElement"), f"“{name}” has lost the focus"
    assert len(notebook.cells()) == cells, "a key meant for a control changed the notebook"


def overflowing(notebook: Notebook) -> list[str]:
    """Pictures, controls, tables and boxes of outputs that are wider than their column."""
    return notebook.page.locator(OUTPUT).evaluate_all(
        """outputs => outputs.flatMap(output => {
            const edge = output.getBoundingClientRect().left + output.clientWidth + 1;
            const window = document.documentElement.clientWidth;
            return Array.from(output.querySelectorAll(
                    'img, input, select, button, fieldset, table, [role], .course-widget'))
                .filter(e => e.offsetParent !== null)
                .filter(e => e.getBoundingClientRect().right > Math.min(edge, window))
                .map(e => `${Math.round(e.getBoundingClientRect().right - edge)} px: `
                    + e.outerHTML.slice(0, 160));
        })"""
    )


def faint_texts(notebook: Notebook, least: float = 4.5) -> list[str]:
    """Texts of widgets, verdicts and other boxes of the course whose contrast is below `least`."""
    return notebook.page.evaluate(
        """([outputs, least]) => {
            const context = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
            const parsed = colour => {  // any CSS colour, as red, green, blue, alpha
                context.clearRect(0, 0, 1, 1);
                context.fillStyle = colour;
                context.fillRect(0, 0, 1, 1);
                const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
                return [r, g, b, a / 255];
            };
            const over = (top, alpha, below) => below.map(
                (c, i) => top[i] * alpha + c * (1 - alpha));
            const light = rgb => {
                const [r, g, b] = rgb.map(c => c / 255).map(
                    c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const contrast = element => {
                const line = [];
                for (let e = element; e; e = e.parentElement) line.unshift(getComputedStyle(e));
                let below = [255, 255, 255], opacity = 1;
                for (const style of line) {
                    opacity *= Number(style.opacity);
                    const [r, g, b, a] = parsed(style.backgroundColor);
                    below = over([r, g, b], a * opacity, below);
                }
                const [r, g, b, a] = parsed(line.at(-1).color);
                const [x, y] = [light(over([r, g, b], a * opacity, below)), light(below)];
                return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
            };
            const faint = [];
            for (const output of document.querySelectorAll(outputs)) {
                const boxes = output.querySelectorAll('.course-widget, .jp-RenderedHTML');
                for (const e of Array.from(boxes).flatMap(b => [b, ...b.querySelectorAll('*')])) {
                    const words = Array.from(e.childNodes).some(
                        n => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
                    if ((words || e.matches('input[type=text], select')) && contrast(e) < least)
                        faint.push(`${contrast(e).toFixed(2)}: ${e.outerHTML.slice(0, 160)}`);
                }
            }
            return faint;
        }""",
        [OUTPUT, least],
    )


def active_cell(notebook: Notebook) -> int:
    """The index of the cell that JupyterLab's commands act on."""
    return notebook.page.evaluate(f"() => {PANEL}.content.activeCellIndex")
