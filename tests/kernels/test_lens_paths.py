"""The simulator's check: what a lens has moved comes back to its place, for each model and each shipped profile.

A pixel of the corrected picture looks at the place that the stage's body says, in float32; there the photograph shows
the ideal point whose light landed there, which an inverse of our own finds. Both should be one place.
"""

import math

import numpy as np
import pytest

from tenbit.kernels import lens
from tenbit.kernels._facts import Facts, Opcode
from tenbit.kernels._optics import Lateral, Law, Optics, Origin, Warp
from tenbit.kernels.lens import fit
from tenbit.pipeline.sample.optics import LensModel

ROWS, COLS = 3072, 4096
# 24 × 36 mm, and 1 inch: the width of the sensor.
WIDTHS_MM = {"36 mm": 36.0, "13.2 mm": 13.2}
MODELS = {
    "even": (-0.1, 0.02, 0.004),
    "poly3": (-0.02,),
    "poly5": (0.015, -0.003),
    "ptlens": (0.0136, -0.0503, 0.0486),
    "acm": (-0.12, 0.09, -0.03, 0.002, -0.003),
    "fisheye": (-0.03, 0.004, -0.001, 0.0003),
}
WANTED_PX = 0.1


def facts(width_mm, **known):
    middle = ((ROWS - 1) / 2, (COLS - 1) / 2)
    return Facts(state="linear", rows=ROWS, cols=COLS, optical_centre=middle, pixel_mm=width_mm / COLS, **known)


def sources(given, **parameters):
    """Pixels of a grid over the whole frame, and where the stage reads them in red, green and blue.

    (points, 2) float64, and three times as much.
    """
    (step,) = lens.prepare(lens.Parameters(**parameters), given).steps
    constants = step.resolved({})
    down, right = np.linspace(0, ROWS - 1, 17).round(), np.linspace(0, COLS - 1, 23).round()
    pixels = np.stack(np.meshgrid(down, right, indexing="ij"), axis=-1).reshape(-1, 2)
    out = np.empty((3, *pixels.shape))
    for colour in range(3):
        k = Bag(
            {
                name: np.float32(value[colour] if isinstance(value, tuple) else value)
                for name, value in constants.items()
            }
        )
        for n, (row, col) in enumerate(pixels):
            away = step.body(int(row), int(col), k)
            assert all(np.asarray(part).dtype == np.float32 for part in away)
            out[colour, n] = row + float(away[0]), col + float(away[1])
    return pixels, out


class Bag:
    def __init__(self, values):
        self.__dict__ |= values


@pytest.mark.parametrize("width", WIDTHS_MM)
@pytest.mark.parametrize("form", MODELS)
def test_every_model_of_the_simulator(form, width):
    width_mm = WIDTHS_MM[width]
    half = math.hypot(ROWS, COLS) / 2
    pixel_mm = width_mm / COLS
    focal_mm = 35.0 * width_mm / 36
    model = LensModel(form=form, k=MODELS[form], focal=focal_mm / pixel_mm / half)
    short_mm = ROWS * pixel_mm / 2
    unit_mm = {"even": half * pixel_mm, "acm": focal_mm, "fisheye": focal_mm}.get(form, short_mm)
    # lateral colour of 1 part in a thousand: about 2.5 px at the corner
    scales = {"red": 1.001, "blue": 0.9992}
    red, blue = (Law("poly3", (scale,), unit_mm) for scale in scales.values())
    origin = Origin("made up", "P1")
    optics = Optics(warp=Warp((Law(form, MODELS[form], unit_mm),), origin), lateral=Lateral(red, blue, origin))
    pixels, found = sources(facts(width_mm, optics=optics))
    middle = np.array([(ROWS - 1) / 2, (COLS - 1) / 2])
    for places, scale in zip(found, (scales["red"], 1.0, scales["blue"]), strict=True):
        y, x = ((places - middle) / half).T
        ideal = np.stack(model.ideal(y, x, aspect=COLS / ROWS, scale=scale), axis=-1) * half + middle
        assert np.abs(ideal - pixels).max() < WANTED_PX / 10


def rd_of(model, terms, r):
    """Rd of ideal radii, in units: the texts once more."""
    k = (*terms, *(0.0,) * 20)
    t = np.arctan(r)
    return {
        "even": lambda: r * (1 + k[0] * r**2 + k[1] * r**4 + k[2] * r**6),
        "poly3": lambda: r * (1 - k[0] + k[0] * r**2),
        "poly5": lambda: r * (1 + k[0] * r**2 + k[1] * r**4),
        "ptlens": lambda: r * (k[0] * r**3 + k[1] * r**2 + k[2] * r + 1 - k[0] - k[1] - k[2]),
        "acm": lambda: r * (1 + k[0] * r**2 + k[1] * r**4 + k[2] * r**6),
        "warp_rectilinear": lambda: r * (k[0] + k[1] * r**2 + k[2] * r**4 + k[3] * r**6),
        "warp_rectilinear_2": lambda: r * sum(k[n] * r**n for n in range(15)),
        "warp_fisheye": lambda: t * (k[0] + k[1] * t**2 + k[2] * t**4 + k[3] * t**6),
    }[model]()


def ideal_of(landed_mm, law, colour=None, valid_mm=math.inf):
    """Ideal radius of each distorted one, from a dense table of the way there."""
    ideal = np.linspace(0, 60, 600_001)
    inside = np.minimum(ideal, valid_mm)
    there = rd_of(law.model, law.terms, inside / law.unit_mm) * law.unit_mm
    if colour is not None:
        r = there / colour.unit_mm
        k = (*colour.terms, *(0.0,) * 4)
        there = there * (
            k[0] + k[1] * r + k[2] * r**2
            if colour.model == "poly3"
            else k[0] * (1 + k[1] * r**2 + k[2] * r**4 + k[3] * r**6)
        )
    there = there + ideal - inside
    return np.interp(landed_mm, there, ideal)


def residual_px(given, found, laws, *, valid_mm=math.inf, pixels):
    """Largest distance between pixels and the ideal points that they show, in any colour."""
    middle = np.array(given.optical_centre)
    worst = 0.0
    for places, (law, colour) in zip(found, laws, strict=True):
        away = (places - middle) * given.pixel_mm
        landed = np.hypot(*away.T)
        ideal = ideal_of(landed, law, colour, valid_mm)
        back = away * (ideal / np.maximum(landed, 1e-9))[:, None] / given.pixel_mm + middle
        worst = max(worst, float(np.hypot(*(back - pixels).T).max()))
    return worst


def shipped():
    from tenbit.pipeline.lenses.catalogue import shipped_profiles

    for path, profile in shipped_profiles():
        for n, measurement in enumerate(profile.measurements):
            if (measurement.distortion or measurement.lateral_colour) and measurement.provenance in ("P0", "P1", "P3"):
                yield pytest.param(measurement, id=f"{path.stem}-{n}")


@pytest.mark.parametrize("width", WIDTHS_MM)
@pytest.mark.parametrize("measurement", list(shipped()))
def test_every_shipped_profile(measurement, width):
    origin = Origin("shipped", measurement.provenance, measurement.valid_mm)
    warp, law = None, Law("even", (), 1.0)
    if measurement.distortion:
        entry = measurement.distortion[0]
        law = Law(entry.model, entry.terms, entry.unit_mm)
        warp = Warp((law,), origin)
    lateral, colours = None, (None, None)
    if measurement.lateral_colour:
        both = measurement.lateral_colour[0]
        colours = tuple(Law(both.model, terms, both.unit_mm) for terms in (both.red, both.blue))
        lateral = Lateral(*colours, origin)
    given = facts(WIDTHS_MM[width], optics=Optics(warp=warp, lateral=lateral))
    pixels, found = sources(given)
    laws = [(law, colours[0]), (law, None), (law, colours[1])]
    assert residual_px(given, found, laws, valid_mm=measurement.valid_mm, pixels=pixels) < WANTED_PX / 3


WARPS = {
    "WarpRectilinear": [
        (1.004, -0.05, 0.02, -0.004, 0.0, 0.0),
        (1.003, -0.05, 0.02, -0.004, 0.0, 0.0),
        (1.0026, -0.051, 0.02, -0.004, 0.0, 0.0),
    ],
    "WarpRectilinear2": [
        (1.0, 0.004, -0.05, 0.01, 0.012, -0.004, *(0.0,) * 8, 0.0005, 0.0, 0.0, 0.0, 0.0),
        (1.0, 0.003, -0.05, 0.01, 0.012, -0.004, *(0.0,) * 8, 0.0005, 0.0, 0.0, 0.0, 0.0),
        (0.9995, 0.003, -0.05, 0.01, 0.012, -0.004, *(0.0,) * 8, 0.0005, 0.0, 0.0, 0.0, 0.0),
    ],
    "WarpFisheye": [(1.05, -0.02, 0.004, -0.001), (1.049, -0.02, 0.004, -0.001), (1.0485, -0.02, 0.004, -0.001)],
}


def opcode(name, planes, *, down=0.5, right=0.5, **more):
    table = np.array(WARPS[name] if planes == 3 else WARPS[name][1:2])
    return Opcode(
        3, name, {"Planes": planes, "Coefficients": table, "CenterX": right, "CenterY": down, "Names": ()} | more
    )


@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("name", WARPS)
def test_every_warp_of_a_file(name, planes):
    more = {"UseReciprocal": False} if name == "WarpRectilinear2" else {}
    # In pixels, as a sensor of unknown size has them; radius 1 is the corner of the picture.
    given = facts(COLS, opcodes=(opcode(name, planes, **more),))
    pixels, found = sources(given)
    unit = math.hypot(ROWS, COLS) / 2
    model = {"WarpRectilinear": "warp_rectilinear", "WarpRectilinear2": "warp_rectilinear_2"}.get(name, "warp_fisheye")
    laws = [(Law(model, WARPS[name][n if planes == 3 else 1], unit), None) for n in range(3)]
    # 60 mm of the table are 60 px here: one of its own
    middle = np.array(given.optical_centre)
    ideal = np.linspace(0, 3000, 300_001)
    for places, (law, _) in zip(found, laws, strict=True):
        away = places - middle
        landed = np.hypot(*away.T)
        back = np.interp(landed, rd_of(law.model, law.terms, ideal / unit) * unit, ideal)
        assert np.abs(back - np.hypot(*(pixels - middle).T)).max() < WANTED_PX / 10
        # along the radius
        np.testing.assert_allclose(
            away[:, 0] * (pixels - middle)[:, 1], away[:, 1] * (pixels - middle)[:, 0], rtol=1e-4
        )


def test_an_opcode_off_the_centre_by_its_text():
    """The specification point by point: centre (0.45, 0.52) of width and height, radius 1 at the farthest corner."""
    terms = (1.002, -0.04, 0.01, 0.0, 0.0007, -0.0004)
    table = np.array([terms])
    q = {"Planes": 1, "Coefficients": table, "CenterX": 0.45, "CenterY": 0.52, "Names": ()}
    pixels, found = sources(facts(COLS, opcodes=(Opcode(3, "WarpRectilinear", q),)))
    v0, h0 = 0.52 * ROWS, 0.45 * COLS
    far = max(math.hypot(v - v0, h - h0) for v in (0, ROWS) for h in (0, COLS))
    for (row, col), place in zip(pixels, found[1], strict=True):
        dv, dh = (row + 0.5 - v0) / far, (col + 0.5 - h0) / far
        r2 = dv * dv + dh * dh
        f = terms[0] + terms[1] * r2 + terms[2] * r2**2 + terms[3] * r2**3
        v = f * dv + terms[4] * (r2 + 2 * dv * dv) + 2 * terms[5] * dh * dv
        h = f * dh + terms[5] * (r2 + 2 * dh * dh) + 2 * terms[4] * dh * dv
        assert math.hypot(v0 + far * v - 0.5 - place[0], h0 + far * h - 0.5 - place[1]) < 0.002


@pytest.mark.parametrize("is_reciprocal", [False, True])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.1, 0.8)])
def test_a_warp_that_ends_inside_the_picture_by_its_text(low, high, is_reciprocal):
    """WarpRectilinear2: between the two radii the ratio follows the terms, elsewhere it stays what it is there."""
    terms = [(scale, 0.01, -0.05, 0.012, *(0.0,) * 11, 0.0005, -0.0003, low, high) for scale in (1.001, 1.0, 0.999)]
    q = {"Planes": 3, "Coefficients": np.array(terms), "CenterX": 0.5, "CenterY": 0.5, "Names": ()}
    q["UseReciprocal"] = is_reciprocal
    pixels, found = sources(facts(COLS, opcodes=(Opcode(3, "WarpRectilinear2", q),)))
    unit = math.hypot(ROWS, COLS) / 2
    v, h = ((pixels - np.array([(ROWS - 1) / 2, (COLS - 1) / 2])) / unit).T
    square = v * v + h * h
    r = np.clip(np.sqrt(square), low, high)
    for places, k in zip(found, terms, strict=True):
        f = k[0] + k[1] * r + k[2] * r**2 + k[3] * r**3
        f = 1 / f if is_reciprocal else f
        down = f * v + k[15] * (square + 2 * v * v) + 2 * k[16] * v * h
        right = f * h + k[16] * (square + 2 * h * h) + 2 * k[15] * v * h
        away = np.hypot(*(places - pixels - (np.stack([down - v, right - h], axis=-1) * unit)).T)
        assert away.max() < 0.005


def test_lateral_colour_that_is_known_less_far_than_distortion():
    """As a file's warp with a profile's lateral colour; the latter is held with a bend that is round."""
    red, blue = Law("acm", (1.0012, -0.0012, 0.0155), 34.7), Law("acm", (0.9982, 0.0016, -0.0214), 34.7)
    lateral = Lateral(red, blue, Origin("made up", "P3", 15.0))
    unit = math.hypot(ROWS, COLS) / 2 * 36 / COLS
    given = facts(36.0, optics=Optics(lateral=lateral), opcodes=(opcode("WarpRectilinear", 1),))
    pixels, found = sources(given)
    law = Law("warp_rectilinear", WARPS["WarpRectilinear"][1], unit)
    middle = np.array(given.optical_centre)
    radius = np.hypot(*(pixels - middle).T) * given.pixel_mm
    green = rd_of(law.model, law.terms, radius / unit) * unit
    r = np.minimum(green, 15.0) / 34.7
    for places, k in ((found[0], red.terms), (found[2], blue.terms)):
        wanted = green + r * 34.7 * (k[0] * (1 + k[1] * r**2 + k[2] * r**4) - 1)
        error = np.abs(np.hypot(*(places - middle).T) - wanted / given.pixel_mm)
        assert error[green < 15].max() < WANTED_PX
        assert error.max() < 3 * WANTED_PX
        # of as much as this
        assert np.abs(wanted - green).max() / given.pixel_mm > 2.5


def test_float32_is_enough_for_a_frame_12000_wide():
    law = Law("even", (-0.1, 0.02, 0.004), 7500.0)
    middle = (4499.5, 5999.5)
    given = Facts(
        state="linear",
        rows=9000,
        cols=12000,
        optical_centre=middle,
        pixel_mm=1.0,
        optics=Optics(warp=Warp((law,), Origin("here", "P0", 7000.0))),
    )
    (step,) = lens.prepare(lens.Parameters(), given).steps
    assert step.body.__name__ == "displaced_evenly"
    k = Bag({n: np.float32(v[1] if isinstance(v, tuple) else v) for n, v in step.resolved({}).items()})
    for row, col in ((0, 0), (17, 11000), (4499, 5990), (4000, 5000), (8999, 11999)):
        ideal = math.hypot(row - middle[0], col - middle[1])
        inside = min(ideal, 7000.0)
        longer = (rd_of("even", law.terms, inside / 7500) * 7500 - inside) / ideal
        away = step.body(row, col, k)
        assert abs(away[0] - longer * (row - middle[0])) < 2e-3 and abs(away[1] - longer * (col - middle[1])) < 2e-3


def test_polynomials_are_exact_where_the_law_is_one():
    laws = {m: Law(m, MODELS[m], 1.0) for m in ("even", "poly3", "poly5", "ptlens")}
    for law in laws.values():
        path = lens.Path(1.0, (0.0, 0.0), Warp((law,), Origin("here")))
        found = fit.fitted(path, 1, 2.0, is_free=law.model == "ptlens")
        # what float32 rounds
        assert found.error_px < 1e-6
    a, b, c = MODELS["ptlens"]
    # at the unit of 2: powers of r are powers of 2
    np.testing.assert_allclose(found.even[:3], [-a - b - c, 4 * b, 0], atol=1e-9)
    np.testing.assert_allclose(found.odd[:3], [2 * c, 8 * a, 0], atol=1e-9)
