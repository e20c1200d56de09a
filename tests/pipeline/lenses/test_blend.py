"""Entries of profiles at settings between those that were measured, against curves, by hand and lensfun itself."""

import math

import numpy as np
import pytest

from tenbit.kernels import _laws
from tenbit.kernels._optics import Law
from tenbit.pipeline.lenses.blend import APERTURE_UNKNOWN, FOCAL_UNKNOWN, at
from tenbit.pipeline.lenses.mix import UNLIKE
from tenbit.pipeline.lenses.profile import Colour, Distortion, FlatMap, Light

RADII = np.linspace(0, 21.6, 25)


def pa(k1, **where):
    return Light(model="pa", unit_mm=20, terms=(k1,), **where)


def even(k1, **where):
    return Distortion(model="even", unit_mm=20, terms=(k1, k1 / 2), **where)


def law(entry, terms="terms"):
    return Law(entry.model, getattr(entry, terms), entry.unit_mm)


def test_nothing_says_nothing():
    assert at((), 35, 2, 1, "linear") == (None, ())


def test_one_entry_is_taken_as_it_is():
    entry = pa(-0.5)
    for f_number in (None, 1.4, 8):
        assert at((entry,), 35, f_number, None, "linear") == (entry, ())


@pytest.mark.parametrize(
    ("f_number", "wanted"), [(1.4, -1.0), (2.8, -0.6), (1.4 * 2**0.5, -0.8), (5.6, -0.2), (2.8 * 2**0.25, -0.5)]
)
def test_fall_off_is_linear_in_stops(f_number, wanted):
    entries = pa(-0.2, f_number=5.6), pa(-1.0, f_number=1.4), pa(-0.6, f_number=2.8)
    entry, notes = at(entries, 35, f_number, math.inf)
    assert entry.terms == pytest.approx((wanted,))
    assert entry.f_number == pytest.approx(f_number)
    assert notes == ()


def test_fall_off_of_a_wide_aperture_says_nothing_of_a_small_one():
    wide = [Light(model="pa", unit_mm=20, terms=(-0.5,), f_number=f_number) for f_number in (1.4, 2.8)]
    assert at(wide, None, 4, None) == (wide[1], ("f/4 is beyond what was measured: as for f/2.8",))
    assert at(wide, None, 8, None) == (None, ("measured at f/2.8 and not near f/8",))
    stopped_down = [Light(model="pa", unit_mm=20, terms=(-0.2,), f_number=5.6)]
    assert at(stopped_down, None, 16, None)[0] == stopped_down[0]


def test_beyond_the_last_aperture_it_is_held_and_said():
    entries = pa(-0.2, f_number=5.6), pa(-0.6, f_number=2.8)
    assert at(entries, 35, 1.4, None) == (entries[1], ("f/1.4 is beyond what was measured: as for f/2.8",))
    assert at(entries, 35, 22, None) == (entries[0], ("f/22 is beyond what was measured: as for f/5.6",))
    assert at(entries, 35, 2.75, None) == (entries[1], ())
    assert at(entries[:1], 35, 2, None) == (entries[0], ("f/2 is beyond what was measured: as for f/5.6",))


def test_an_aperture_that_is_not_known():
    entries = pa(-0.2, f_number=5.6), pa(-0.6, f_number=2.8)
    assert at(entries, 35, None, None) == (None, (APERTURE_UNKNOWN,))
    assert at(entries[:1], 35, None, None) == (entries[0], ("the aperture is not known: as for f/5.6",))
    at_any = pa(-0.1)
    assert at((*entries, at_any), 35, None, None) == (at_any, ())
    assert at((*entries, at_any), 35, 2.8, None) == (entries[1], ())


def test_geometry_needs_no_aperture():
    entries = even(0.1, f_number=2), even(0.2, f_number=4), even(0.4, f_number=8)
    assert at(entries, 35, None, None) == (entries[1], ())
    assert at(entries, 35, 1.4, None) == (entries[0], ())
    entry, notes = at(entries, 35, 4 * 2**0.5, None)
    assert entry.terms == pytest.approx((0.3, 0.15))
    assert notes == ()


def test_distance_is_linear_in_closeness():
    entries = even(0.2, focus_m=1), even(0.1, focus_m=math.inf), even(0.15, focus_m=2)
    entry, notes = at(entries, 35, 8, 4)
    assert entry.terms == pytest.approx((0.125, 0.0625))
    assert entry.focus_m == pytest.approx(4)
    assert notes == ()
    assert at(entries, 35, 8, None) == (entries[1], ("the distance is not known: as for infinity",))
    assert at(entries, 35, 8, math.inf) == (entries[1], ())
    assert at(entries, 35, 8, 0.7) == (entries[0], ("0.7 m is beyond what was measured: as for 1 m",))
    assert at(entries[::2], 35, 8, math.inf) == (
        entries[2],
        ("infinity is beyond what was measured: as for 2 m",),
    )
    assert at(entries[:1], 35, 8, 5) == (entries[0], ())


def test_focal_length_is_linear_in_its_logarithm():
    entries = even(0.1, focal_mm=28), even(-0.1, focal_mm=50), even(0.0, focal_mm=35)
    entry, _ = at(entries, (35 * 50) ** 0.5, None, None)
    assert entry.terms == pytest.approx((-0.05, -0.025))
    assert entry.focal_mm == pytest.approx((35 * 50) ** 0.5, rel=1e-6)
    assert at(entries, 51.6, None, None) == (entries[1], ())
    assert at(entries, 55, None, None) == (entries[1], ("55 mm is beyond what was measured: as for 50 mm",))
    assert at(entries, 75, None, None) == (None, ("measured at 50 mm and not near 75 mm",))
    assert at(entries, None, None, None) == (None, (FOCAL_UNKNOWN,))


def test_settings_are_blended_one_in_another():
    entries = [
        pa(focal / 100 + f_number / 10, focal_mm=focal, f_number=f_number) for focal in (20, 40) for f_number in (2, 4)
    ]
    entry, notes = at(entries, 20 * 2**0.5, 2 * 2**0.25, 3)
    assert entry.terms == pytest.approx((0.3 + 0.25,))
    assert notes == ()


def test_a_frame_missing_from_the_grid():
    entries = pa(-1, focal_mm=20, f_number=2), pa(-0.5, focal_mm=20, f_number=4), pa(-0.3, focal_mm=40, f_number=4)
    entry, notes = at(entries, 20 * 2**0.5, 2, None)
    assert entry.terms == pytest.approx((-0.65,))
    assert notes == ("f/2 is beyond what was measured: as for f/4",)


def test_terms_of_other_units_make_the_mean_of_the_curves():
    one = Distortion(model="even", unit_mm=20, terms=(0.1, -0.02, 0.01), focus_m=1)
    two = Distortion(model="even", unit_mm=43, terms=(0.2, 0.3), focus_m=math.inf)
    entry, notes = at((one, two), None, None, 4)
    wanted = 0.25 * _laws.ratio(law(one), RADII) + 0.75 * _laws.ratio(law(two), RADII)
    assert _laws.ratio(law(entry), RADII) == pytest.approx(wanted, abs=1e-12)
    assert notes == ()


@pytest.mark.parametrize(
    ("model", "red"), [("poly3", (1.001, 1e-4, -1e-4)), ("acm", (1.001, 1e-3, 2e-3, 3e-3, 1e-4, 2e-4))]
)
def test_colours_of_other_units(model, red):
    one = Colour(model=model, unit_mm=20, red=red, blue=red[::-1] if model == "poly3" else red, focus_m=1)
    two = Colour(model=model, unit_mm=35, red=(0.999, 0.01, 0.02), blue=(1.0,), focus_m=math.inf)
    entry, _ = at((one, two), None, None, 4)
    for name in ("red", "blue"):
        wanted = 0.25 * _laws.colour_ratio(law(one, name), RADII) + 0.75 * _laws.colour_ratio(law(two, name), RADII)
        assert _laws.colour_ratio(law(entry, name), RADII) == pytest.approx(wanted, abs=1e-12)


def test_tables_with_other_radii():
    one = Light(model="table", unit_mm=1, terms=(0, 0, 10, -0.5, 20, -2), f_number=2)
    two = Light(model="table", unit_mm=20, terms=(0, 0, 0.25, -0.1, 0.75, -0.5, 1, -1), f_number=8)
    entry, _ = at((one, two), None, 4, None)
    at_nodes = np.array([0, 5, 10, 15, 20.0])
    ev = [np.log2(_laws.light(law(e), at_nodes)) for e in (one, two, entry)]
    assert ev[2] == pytest.approx((ev[0] + ev[1]) / 2, abs=1e-9)


def test_a_fisheye_is_blended_in_its_unit_too():
    entries = [
        Distortion(model="fisheye", unit_mm=unit, terms=(k, 0.1), focal_mm=unit) for unit, k in ((20, 0.0), (40, 0.1))
    ]
    entry, _ = at(entries, 20 * 2**0.5, None, None)
    assert entry.unit_mm == pytest.approx(30)
    assert entry.terms == pytest.approx((0.05, 0.1))


def test_unlike_models_are_not_blended():
    entries = even(0.1, focus_m=1), Distortion(model="poly3", unit_mm=12, terms=(0.01,), focus_m=math.inf)
    assert at(entries, None, None, 1.5) == (entries[0], (UNLIKE,))
    assert at(entries, None, None, 3) == (entries[1], (UNLIKE,))
    entries = pa(-1, f_number=2), Light(model="table", terms=(0, 0, 20, -1), f_number=4)
    assert at(entries, None, 2.2, None) == (entries[0], (UNLIKE,))
    assert at(entries[::-1], None, 3.9, None) == (entries[1], (UNLIKE,))


def test_the_centre_is_blended():
    entries = [even(0.1, focus_m=1 / n).model_copy(update={"centre_mm": (0.1 * n, -0.2 * n)}) for n in (1, 2)]
    entry, _ = at(entries, None, None, 1 / 1.5)
    assert entry.centre_mm == pytest.approx((0.15, -0.3))


def test_maps_of_gains():
    maps = [
        FlatMap(cfa="RGGB", height_mm=24, width_mm=36, points=(2, 2), gains=" ".join([f"{gain}"] * 16), f_number=n)
        for gain, n in ((1.5, 2), (1.1, 8))
    ]
    entry, _ = at(maps, 35, 4, None)
    assert [float(gain) for gain in entry.gains.split()] == pytest.approx([1.3] * 16)
    other = maps[1].model_copy(update={"height_mm": 20.0})
    assert at((maps[0], other), 35, 2.2, None) == (maps[0], (UNLIKE,))
    assert at(maps, 35, None, None) == (None, (APERTURE_UNKNOWN,))


def test_lcp_weighs_distances_by_their_logarithm():
    entries = even(0.2, focus_m=1), even(0.1, focus_m=4), even(0.0, focus_m=math.inf)
    entry, _ = at(entries, None, None, 2, "lcp")
    assert entry.terms == pytest.approx((0.15, 0.075))
    entry, _ = at(entries, None, None, 8, "lcp")
    assert entry.terms == pytest.approx((0.05, 0.025))
    assert at(entries, None, None, math.inf, "lcp") == (entries[2], ())


def test_lcp_takes_geometry_of_the_nearest_aperture():
    entries = even(0.2, f_number=2), even(0.1, f_number=4)
    assert at(entries, None, 2.7, None, "lcp") == (entries[0], ())
    assert at(entries, None, 2.9, None, "lcp") == (entries[1], ())
    entry, _ = at([pa(-0.4, f_number=2), pa(-0.2, f_number=4)], None, 2 * 2**0.5, None, "lcp")
    assert entry.terms == pytest.approx((-0.3,))


@pytest.fixture(scope="module")
def zoom():
    lensfunpy = pytest.importorskip("lensfunpy")
    found = lensfunpy.Database(load_common=False).lenses
    return next(
        lens
        for lens in found
        if lens.model == "Canon EF 24-105mm f/4L IS USM" and len(lens.calib_vignetting) > 20 and lens.calib_distortion
    )


def test_lensfun_geometry(zoom):
    entries = [
        Distortion(model="ptlens", unit_mm=12, terms=tuple(c.terms[:3]), focal_mm=c.focal)
        for c in zoom.calib_distortion
    ]
    for focal in (20, 24, 26, 37, 51.5, 80, 104, 120):
        entry, _ = at(entries, focal, 8, 3, "lensfun")
        assert entry.terms == pytest.approx(zoom.interpolate_distortion(focal).terms[:3], abs=3e-7)
    assert at(entries, None, 8, 3, "lensfun") == (None, (FOCAL_UNKNOWN,))


def test_lensfun_colour(zoom):
    entries = [
        Colour(model="poly3", unit_mm=12, red=tuple(c.terms[0::2]), blue=tuple(c.terms[1::2]), focal_mm=c.focal)
        for c in zoom.calib_tca
    ]
    for focal in (24, 29, 47, 90):
        entry, _ = at(entries, focal, 8, 3, "lensfun")
        terms = zoom.interpolate_tca(focal).terms
        assert entry.red == pytest.approx(terms[0::2], abs=3e-7)
        assert entry.blue == pytest.approx(terms[1::2], abs=3e-7)


def test_lensfun_fall_off(zoom):
    entries = [
        Light(
            model="pa",
            unit_mm=21.6,
            terms=tuple(c.terms[:3]),
            focal_mm=c.focal,
            f_number=c.aperture,
            focus_m=c.distance,
        )
        for c in zoom.calib_vignetting
    ]
    for focal, f_number, focus in ((24, 4, 10), (30, 5, 3), (70, 9, 1), (105, 22, 1000)):
        entry, _ = at(entries, focal, f_number, focus, "lensfun")
        wanted = zoom.interpolate_vignetting(focal, f_number, focus).terms[:3]
        assert entry.terms == pytest.approx(wanted, abs=2e-5)
    assert at(entries, 50, None, 3, "lensfun") == (None, (APERTURE_UNKNOWN,))
    assert at(entries, 500, 4, 3, "lensfun")[0] is None
