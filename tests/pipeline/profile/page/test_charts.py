"""What charts are made of: figures, axes, names, the front, the roof."""

import dataclasses
import math
import re

import pytest

from tenbit.pipeline.profile.page.bars import Bar, bars
from tenbit.pipeline.profile.page.drawing import WIDE, Drawing
from tenbit.pipeline.profile.page.figures import cut, digits, pass_name, quantity, text_px
from tenbit.pipeline.profile.page.labels import Room
from tenbit.pipeline.profile.page.points import QUALITIES, Points, front, grouped
from tenbit.pipeline.profile.page.roofline import roof, roofline, share_of_roof
from tenbit.pipeline.profile.page.scales import Scale
from tenbit.pipeline.profile.parts import Ceilings, Timing

PSNR, DELTA_E = (next(one for one in QUALITIES if one.column == name) for name in ("psnr_srgb_db", "delta_e"))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (12345.6, "12346"), (99.96, "100"), (0.012345, "0.0123"), (-2.5, "−2.5"), (math.nan, "–"), (7.0, "7")],
)
def test_three_digits(value, text):
    assert digits(value) == text


def test_quantities_have_a_unit_of_their_size():
    assert quantity(0.0123, "s") == "12.3 ms"
    assert quantity(21.4e9, "B/s") == "21.4 GB/s"
    assert quantity(999.7, "B") == "1 kB"
    assert quantity(0.0, "s") == "0 s"


def test_long_names_are_cut_and_passes_named_by_their_ends():
    assert cut("short", 100, 13) == "short"
    shown = cut("a" * 20 + "b" * 20, 100, 13)
    assert re.fullmatch("a+…b+", shown)
    assert text_px(shown, 13) <= 100
    assert pass_name(1, ("tone", "tone.encode", "quantise")) == "1: tone + quantise"
    assert pass_name(2, ("black_level", "demosaic.a", "tone")) == "2: black_level … tone"


@pytest.mark.parametrize("low", [1e-3, 0.7, 3.0, 40.0])
@pytest.mark.parametrize("times", [1.3, 2.5, 30.0, 1e4, 1e9])
def test_logarithmic_ticks_are_few_and_inside(low, times):
    ticks = Scale(low, low * times, 0, 100, is_log=True).ticks()
    assert 2 <= len(ticks) <= 9
    assert all(low * 0.999 <= tick <= low * times * 1.001 for tick in ticks)
    assert ticks == sorted(set(ticks))


def test_scales_run_both_ways():
    assert Scale(0, 10, 50, 150).at(2.5) == 75
    assert Scale(10, 0, 50, 150).at(2.5) == 125
    assert Scale(1, 100, 0, 100, is_log=True).at(10) == pytest.approx(50)
    assert Scale(-3, 11, 0, 100).ticks() == [-2, 0, 2, 4, 6, 8, 10]


def test_names_stand_where_nothing_is():
    room, drawing = Room((0, 0, 200, 60)), Drawing(60, 200)
    room.take_line([(30, 30), (200, 30)])
    assert room.name(drawing, (30, 30), 5, "first")
    assert room.name(drawing, (30, 30), 5, "second")
    rows = {float(row) for row in re.findall(r'<text class="label" x="[^"]+" y="([^"]+)"', "".join(drawing.parts))}
    assert len(rows) == 2
    assert not any(abs(row - 34.3) < 6 for row in rows)
    assert not room.name(drawing, (30, 30), 5, "much too long for so small a chart")


def test_the_front_is_what_nothing_beats(make_rows):
    points = Points("methods", make_rows(sizes=(("12mp", 3072, 4096),), isos=(100.0,)))
    for quality, better in ((PSNR, max), (DELTA_E, min)):
        best = front(points.done, quality)
        assert best[0]["mp_per_s"] == max(row["mp_per_s"] for row in points.done)
        assert best[-1][quality.column] == better(row[quality.column] for row in points.done)
        for row in points.done:
            faster = [other for other in points.done if other is not row and other["mp_per_s"] >= row["mp_per_s"]]
            own = row[quality.column]
            beaten = any(better(other[quality.column], own) == other[quality.column] for other in faster)
            assert beaten == (row not in best)


def test_points_are_told_apart_by_what_varied(make_rows):
    points = Points("methods", make_rows())
    assert points.axes == ["frame", "iso", "threads", "demosaic.method"]
    assert points.series == "demosaic.method"
    assert points.label(points.rows[0]) == "bilinear · 3mp · iso 100 · threads 1"
    assert points.label(points.rows[0], without=points.content) == "bilinear · threads 1"
    assert list(grouped(points.rows, ["iso", "threads"])) == [
        "iso 100 · threads 1", "iso 100 · threads 2", "iso 1600 · threads 1", "iso 1600 · threads 2",
    ]  # fmt: skip
    assert len(points.done) == len(points.rows) - 1


def test_the_roof_is_the_lower_of_two(make_profile):
    assert roof(Ceilings(10.0, 100.0), 3.0) == 30.0
    assert roof(Ceilings(10.0, 100.0), 30.0) == 100.0
    made = make_profile()
    counts = made.passes[0]
    assert share_of_roof(made, counts) == pytest.approx(counts.bytes_per_s / made.ceilings.copy_bytes_per_s)
    idle = dataclasses.replace(counts, operations=0.0)
    assert share_of_roof(made, idle) == pytest.approx(counts.bytes_per_s / made.ceilings.copy_bytes_per_s)


def test_passes_without_operations_are_told_of(make_profile):
    made = make_profile()
    idle = dataclasses.replace(made.passes[0], operations=0.0)
    _, more = roofline(dataclasses.replace(made, passes=(idle, *made.passes[1:])))
    assert more == "Not shown, without arithmetic: pass 1."
    assert roofline(dataclasses.replace(made, passes=(idle,))) is None
    cached = dataclasses.replace(made.ceilings, cache_bytes_per_s=200e9)
    assert "Dashed" in roofline(dataclasses.replace(made, ceilings=cached))[1]


def test_bars_below_nothing_go_to_the_left():
    rows = [Bar("gain", -2.0, low=-3.0, high=-1.0, told="−2"), Bar("<b>", 4.0, is_estimated=True, told="4")]
    text = bars(rows, "ms", digits).alone("A & B", "two bars")
    boxes = [
        tuple(map(float, found))
        for found in re.findall(r'class="c0 bar" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', text)
    ]
    zero = re.search(r'class="axis" x1="([\d.]+)"', text)
    assert boxes[0][0] + boxes[0][1] == pytest.approx(float(zero[1]), abs=0.02)
    assert text.startswith("<svg")
    assert 'xmlns="http://www.w3.org/2000/svg"' in text
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert f'viewBox="0 0 {WIDE:g}' in text


def test_a_timing_of_two_rounds_has_no_interval(make_profile):
    from tenbit.pipeline.profile.page.figures import spread

    assert spread(Timing(((0.1, 0.2),))) == "–"
    assert spread(Timing(((0.1, 0.1, 0.1),))) == "100 to 100 ms"
