"""The page in a browser: what is drawn, what can be pressed, and that no name leaves its place."""

import re
from html.parser import HTMLParser

# Charts in sight whose texts pass their edge, are smaller than 11 px, or lie upon another that is not turned.
FAULTS = """() => [...document.querySelectorAll('svg.chart')].flatMap(chart => {
  const box = chart.getBoundingClientRect(), texts = [...chart.querySelectorAll('text')], found = [];
  if (!box.width) return [];
  if (box.height < 40) found.push('flat');
  for (const [n, text] of texts.entries()) {
    const own = text.getBoundingClientRect();
    if (own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1)
      found.push(['edge', text.textContent]);
    if (parseFloat(getComputedStyle(text).fontSize) * box.width / chart.viewBox.baseVal.width < 11)
      found.push(['small', text.textContent]);
    for (const other of texts.slice(n + 1)) {
      if (text.hasAttribute('transform') || other.hasAttribute('transform')) continue;
      const theirs = other.getBoundingClientRect();
      const wide = Math.min(own.right, theirs.right) - Math.max(own.left, theirs.left);
      const tall = Math.min(own.bottom, theirs.bottom) - Math.max(own.top, theirs.top);
      if (wide > 1 && tall > 5) found.push(['over', text.textContent, other.textContent]);
    }
  }
  return found;
})"""


class Tags(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self):
        super().__init__()
        self.names, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_nothing_leaves_its_place(written):
    text = written.read_text("utf-8")
    assert len(text) < 1_000_000
    found = Tags()
    found.feed(text)
    assert "img" not in found.names
    assert not any(name.startswith("on") or name in ("src", "style") for name in found.attributes)
    assert text.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in text
    assert re.findall(r"https?://", text) == []


def test_charts_are_drawn_and_their_texts_lie_inside(opened, written):
    for options in ({}, {"viewport": {"width": 700, "height": 900}, "color_scheme": "dark"}):
        page = opened(written, **options)
        assert page.locator("svg.chart").count() > 20
        assert page.evaluate(FAULTS) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for row in page.locator(".choose").all():
            row.locator("button").last.click()
        assert page.evaluate(FAULTS) == []


def test_a_mark_tells_its_figures_to_pointer_and_keyboard(opened, written):
    page = opened(written)
    tip = page.locator("#tip")
    assert tip.is_hidden()
    chart = page.locator("svg[aria-labelledby=p0-roof-title]")
    chart.locator(".dot").first.hover()
    said = tip.inner_text()
    assert said.startswith("pass 2: file_corrections + black_level + defect_pixels.found")
    assert "95 % interval" in said
    assert "% of the roof above it" in said
    page.mouse.move(2, 2)
    assert tip.is_hidden()
    chart.locator(".mark").nth(1).focus()
    page.keyboard.press("Tab")
    assert tip.inner_text().startswith("pass 1: raw_counts")
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    # A name is text, in a tip too.
    page.locator("svg[aria-labelledby=all-frames-title] .mark").last.hover()
    assert "<script>alert(1)</script>" in tip.inner_text()


def test_buttons_choose_a_chart(opened, written):
    page = opened(written)
    figure = page.locator("#e0 figure.choices").first
    shown = figure.locator(".choice:visible h4")
    assert shown.all_inner_texts() == ["PSNR of sRGB values · 3mp · iso 100"]
    figure.get_by_role("button", name="ΔE 2000, mean").click()
    figure.get_by_role("button", name="50mp · iso 1600").click()
    assert shown.all_inner_texts() == ["ΔE 2000, mean · 50mp · iso 1600"]
    assert figure.locator("[aria-pressed=true]").count() == 2


def test_tables_sort_by_figures_with_the_unknown_last(opened, written):
    page = opened(written)
    table = page.locator("#e0-points")
    head = table.locator("th", has_text=re.compile("^ms$"))
    column = head.evaluate("head => head.cellIndex")

    def cells():
        return table.evaluate(f"t => [...t.tBodies[0].rows].map(row => row.cells[{column}].textContent)")

    before = cells()
    assert before[3] == "–"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    rising = [float(text) for text in cells()[:-1]]
    assert rising == sorted(rising)
    assert cells()[-1] == "–"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(text) for text in cells()[:-1]] == sorted(rising, reverse=True)
    assert cells()[-1] == "–"


def test_it_is_dark_where_that_is_wanted_and_light_on_paper(opened, written):
    page = opened(written, color_scheme="dark")
    ground = "getComputedStyle(document.querySelector('svg.chart')).backgroundColor"
    assert page.evaluate(ground) == "rgb(21, 23, 27)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert page.locator(".choose").first.is_hidden()
