"""The page of a contact sheet: what is in the file, and how it behaves in a browser."""

import json
import re

SHOWN = "[...document.querySelectorAll('.tile')].map(t => t.dataset.n * 1)"


def status(page):
    return page.inner_text("#status")


def names(page):
    """Of the tiles in sight, as they lie."""
    return page.evaluate(
        "[...document.querySelectorAll('.tile')].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)"
        ".map(t => t.querySelector('.name').textContent)"
    )


def test_nothing_in_the_data_can_leave_it(sheet):
    text = sheet.read_text("utf-8")
    assert "<title>Walk &lt;1&gt; &amp; {style}</title>" in text
    assert "onerror" in text
    blocks = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>\n', text)
    assert [name for name, _ in blocks] == [*(f"p{n}" for n in range(300)), "frames"]
    assert not any(sign in data for _, data in blocks for sign in "<>&")
    found = json.loads(blocks[-1][1])["frames"]
    assert found[3]["name"] == "script><img src=x onerror=alert(1)>.dng"
    assert found[299]["error"] == "no <b>such</b> file"
    assert re.findall(r"https?://", text) == []


def test_few_tiles_are_elements(page):
    assert status(page).startswith("300 of 300 frames · 0 selected · 1 could not be read")
    assert page.locator(".tile").count() < 100
    page.keyboard.press("End")
    assert page.locator(".tile.active .name").inner_text() == "broken.dng"
    assert page.locator(".tile.active .wrong").inner_text() == "⚠ no <b>such</b> file"
    assert page.locator(".tile").count() < 100


def test_toggles_show_marks_and_panels(page):
    assert page.locator("img[data-mark]").count() == 0
    page.keyboard.press("p")
    assert page.locator("#t0 img[data-mark=peaking]").count() == 1
    assert page.get_attribute("[data-toggle=peaking]", "aria-pressed") == "true"
    page.click("[data-toggle=zebra]")
    assert page.locator("#t0 img[data-mark]").count() == 2
    page.keyboard.press("p")
    assert page.locator("#t0 img[data-mark=peaking]").count() == 0
    tall = page.locator("#t0").bounding_box()["height"]
    page.keyboard.press("h")
    page.keyboard.press("s")
    assert [image.get_attribute("alt") for image in page.locator("#t0 .panels img").all()] == [
        "histogram", "waveform", "vectorscope",
    ]  # fmt: skip
    assert page.locator("#t0").bounding_box()["height"] > tall + 100
    assert page.evaluate("[...document.images].every(i => i.decode && i.src.startsWith('data:image/webp'))")
    page.evaluate("Promise.all([...document.images].map(i => i.decode()))")


def test_sorting(page):
    page.select_option("#sort", "focus")
    assert names(page)[:3] == ["frame-0.dng", "frame-1.dng", "frame-2.dng"]
    page.click("#turn")
    assert names(page)[0] == "frame-298.dng"
    page.select_option("#sort", "iso")
    assert names(page)[0] == "frame-0.dng"
    # What is not known stands last, whichever way round.
    page.select_option("#sort", "ettr")
    page.focus("#sheet")
    page.keyboard.press("End")
    assert names(page)[-1] == "broken.dng"
    page.click("#turn")
    page.focus("#sheet")
    page.keyboard.press("End")
    assert names(page)[-1] == "broken.dng"
    # Numbers in names count as numbers.
    page.select_option("#sort", "name")
    page.focus("#sheet")
    page.keyboard.press("Home")
    assert names(page)[1:4] == ["frame-0.dng", "frame-1.dng", "frame-2.dng"]


def test_filtering(page):
    page.fill("#focus", "0.9")
    assert status(page).startswith("29 of 300")
    page.fill("#clipped", "0.1")
    assert status(page).startswith("6 of 300")
    page.fill("#ettr", "0")
    assert set(names(page)) == {"frame-271.dng", "frame-291.dng"}
    page.click("#reset")
    assert status(page).startswith("300 of 300")
    page.select_option("#lens", label="Elmarit 28")
    assert status(page).startswith("100 of 300")
    page.fill("#find", "frame-1 elmarit")
    assert all(name.startswith("frame-1") for name in names(page))
    page.click("#reset")
    page.select_option("#lens", label="not known")
    assert status(page).startswith("100 of 300")


def test_selecting_and_copying(page):
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert page.get_attribute("#t2", "aria-selected") == "true"
    assert "2 selected" in status(page)
    page.click("#t5 .check")
    page.click("#t7", modifiers=["Shift"])
    assert "5 selected" in status(page)
    page.keyboard.press("c")
    page.locator("#status", has_text="5 names copied").wait_for()
    expected = [f"frame-{n}.dng" for n in (0, 2, 5, 6, 7)]
    assert page.evaluate("navigator.clipboard.readText()").split("\n") == expected
    page.keyboard.press("C")
    page.locator("#status", has_text="5 paths copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("/")
    page.check("#only")
    assert names(page) == expected
    page.uncheck("#only")
    # It is there again when the page is opened again.
    page.reload()
    page.wait_for_selector(".tile")
    assert "5 selected" in status(page)
    page.keyboard.press("n")
    assert "0 selected" in status(page)
    page.keyboard.press("a")
    assert "300 selected" in status(page)
    page.keyboard.press("n")


def test_without_a_clipboard_the_list_is_shown(page):
    page.evaluate("navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false; 0")
    page.keyboard.press("Space")
    page.click("#names")
    assert page.input_value("#list") == "frame-0.dng"
    page.keyboard.press("Escape")
    assert page.locator("#copy[open]").count() == 0
    page.focus("#sheet")
    page.keyboard.press("n")


def test_keys_alone(page):
    columns = page.evaluate("new Set([...document.querySelectorAll('.tile')].map(t => t.style.left)).size")
    page.keyboard.press("ArrowDown")
    assert page.locator(".tile.active").get_attribute("data-n") == str(columns)
    assert page.get_attribute("#sheet", "aria-activedescendant") == f"t{columns}"
    page.keyboard.press("Enter")
    assert page.locator("#large[open] h2").inner_text() == f"frame-{columns}.dng"
    assert page.locator("#large .panels img").count() == 3
    assert "focus.score" in page.inner_text("#large table")
    page.keyboard.press("ArrowRight")
    assert page.locator("#large h2").inner_text() == f"frame-{columns + 1}.dng"
    page.keyboard.press("Space")
    assert "✓ selected" in page.inner_text("#large")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    assert page.locator("#large[open]").count() == 0
    assert page.evaluate("document.activeElement.id") == "sheet"
    page.keyboard.press("?")
    assert page.locator("#help[open]").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("hop")  # letters are letters there
    assert page.input_value("#find") == "hop"
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    assert page.input_value("#size") == "280"


def test_taking_frames_out_goes_on_with_the_next(page):
    page.keyboard.press("End")
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    page.check("#only")
    page.focus("#sheet")
    active = page.locator(".tile.active")
    page.keyboard.press("ArrowRight")
    assert active.get_attribute("data-n") == "297"
    page.keyboard.press(" ")
    assert active.get_attribute("data-n") == "298"
    page.keyboard.press("Enter")
    page.keyboard.press(" ")
    assert page.locator("#large h2").inner_text() == "frame-296.dng"
    # None is left: there is nothing to be seen large.
    page.keyboard.press("n")
    assert page.locator("#large[open]").count() == 0
    assert status(page).startswith("0 of 300 frames · 0 selected")


def test_another_size_keeps_its_place(page):
    for _ in range(8):
        page.keyboard.press("PageDown")
    before = page.locator(".tile.active").bounding_box()
    page.set_viewport_size({"width": 700, "height": 1000})
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    after = page.locator(".tile.active").bounding_box()
    assert abs(after["y"] - before["y"]) < after["height"]
    page.fill("#size", "120")
    assert 0 < page.locator(".tile.active").bounding_box()["y"] < 1000


def test_a_narrow_window(page):
    page.set_viewport_size({"width": 420, "height": 800})
    page.wait_for_selector(".tile")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#t0").bounding_box()["width"] <= 420


def test_everything_has_a_name(page):
    """Buttons and fields say what they are to those who hear the page."""
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, select, textarea, [role=option], [role=listbox], dialog')]"
        ".filter(e => !(e.ariaLabel || e.textContent.trim() || (e.labels && e.labels.length) ||"
        " e.getAttribute('aria-labelledby'))).map(e => e.outerHTML.slice(0, 80))"
    )
    assert unnamed == []
