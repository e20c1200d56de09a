"""Formulas of radius: against lensfun, OpenCV, SciPy and the texts, point by point."""

import math

import numpy as np
import pytest

from tenbit.kernels import _laws
from tenbit.kernels._optics import Law
from tenbit.kernels.errors import StageError

RADII = np.linspace(0, 21.6, 241)
# Some of each model, of a lens for 24 × 36 mm: radii in mm that count as 1.
LAWS = (
    Law("even", (-0.1, 0.02, 0.01), 21.63),
    Law("poly3", (-0.02,), 12.0),
    Law("poly5", (0.01, -0.002), 12.0),
    Law("ptlens", (0.018, -0.05, 0.044), 12.0),
    Law("acm", (-0.1, 0.02, 0.003, 0.001, -0.002), 35.0),
    Law("fisheye", (-0.02, 0.003, -0.001, 0.0004), 21.0),
    Law("warp_rectilinear", (1.01, -0.05, 0.02, -0.003, 0.001, -0.0005), 21.63),
    Law("warp_rectilinear_2", (1.0, 0.01, -0.05, 0.02, 0.01, -0.004, 0.003), 21.63),
    Law("warp_rectilinear_2", (1.0, 0.01, 0.05, *(0.0,) * 12, 0.001, 0.002, 0.1, 0.8, 1.0), 21.63),
    Law("warp_fisheye", (1.02, -0.05, 0.01, -0.002), 21.63),
)


def name(law):
    return f"{law.model}{'-reciprocal' if len(law.terms) == 20 else ''}"


def by_hand(law, r):
    """Rd of one ideal radius, both in units: the texts of the models, term by term."""
    k = (*law.terms, *(0.0,) * 20)
    t = math.atan(r)
    if law.model == "warp_rectilinear_2":
        low, high, reciprocal = k[17:20]
        at = min(max(r, low), high) if high > low else r
        f = sum(k[n] * at**n for n in range(15))
        return r / f if reciprocal else r * f
    return {
        "even": lambda: r * (1 + k[0] * r**2 + k[1] * r**4 + k[2] * r**6),
        "poly3": lambda: r * (1 - k[0] + k[0] * r**2),
        "poly5": lambda: r * (1 + k[0] * r**2 + k[1] * r**4),
        "ptlens": lambda: r * (k[0] * r**3 + k[1] * r**2 + k[2] * r + 1 - k[0] - k[1] - k[2]),
        "acm": lambda: r * (1 + k[0] * r**2 + k[1] * r**4 + k[2] * r**6),
        "fisheye": lambda: t * (1 + k[0] * t**2 + k[1] * t**4 + k[2] * t**6 + k[3] * t**8),
        "warp_rectilinear": lambda: r * (k[0] + k[1] * r**2 + k[2] * r**4 + k[3] * r**6),
        "warp_fisheye": lambda: t * (k[0] + k[1] * t**2 + k[2] * t**4 + k[3] * t**6),
    }[law.model]()


@pytest.mark.parametrize("law", LAWS, ids=name)
def test_ratio_is_the_formula(law):
    wanted = [by_hand(law, radius / law.unit_mm) * law.unit_mm for radius in RADII]
    np.testing.assert_allclose(RADII * _laws.ratio(law, RADII), wanted, atol=1e-12)
    # The axis is a limit, not a division by 0.
    assert _laws.ratio(law, 0.0) == pytest.approx(_laws.ratio(law, 1e-7), abs=1e-7)


@pytest.mark.parametrize("law", LAWS, ids=name)
@pytest.mark.parametrize("valid_mm", [math.inf, 13.0])
def test_inverse_gives_the_radius_back(law, valid_mm):
    distorted = RADII * _laws.ratio(law, RADII, valid_mm)
    np.testing.assert_allclose(_laws.inverse(law, distorted, valid_mm), RADII, atol=1e-11)


@pytest.mark.parametrize("law", LAWS, ids=name)
def test_beyond_what_is_known_the_displacement_is_held(law):
    moved = RADII * (_laws.ratio(law, RADII, 13.0) - 1)
    known = 13.0 * (_laws.ratio(law, 13.0) - 1)
    np.testing.assert_allclose(moved[RADII > 13], known, atol=1e-12)
    np.testing.assert_allclose(moved[RADII <= 13], (RADII * (_laws.ratio(law, RADII) - 1))[RADII <= 13], atol=0)


def test_turning_radius_by_hand():
    # Rd' = 1 - 0.9 r² is 0 at 1.054 units
    assert _laws.turning_radius(Law("even", (-0.3,), 10.0)) == pytest.approx(10 * (1 / 0.9) ** 0.5)
    assert _laws.turning_radius(Law("even", (0.1,), 10.0)) == math.inf
    assert _laws.turning_radius(Law("poly3", (-0.2,), 10.0)) == pytest.approx(10 * (1.2 / 0.6) ** 0.5)
    # r / (1 + r²) turns at 1
    reciprocal = (1.0, 0.0, 1.0, *(0.0,) * 12, 0, 0, 0, 0, 1)
    assert _laws.turning_radius(Law("warp_rectilinear_2", reciprocal, 10.0)) == pytest.approx(10)
    # θ (1 - θ²) turns at 1 / √3
    assert _laws.turning_radius(Law("fisheye", (-1.0,), 10.0)) == pytest.approx(10 * math.tan(3**-0.5))
    # beyond its own limit a ratio is held, and nothing turns
    held = (1.0, 0.0, -0.3, *(0.0,) * 12, 0, 0, 0.0, 0.9)
    assert _laws.turning_radius(Law("warp_rectilinear_2", held, 10.0)) == math.inf


def test_what_no_ideal_point_reaches_is_refused():
    with pytest.raises(StageError, match=r"even -0.4 \(unit 21.63 mm\) reaches 13.164 mm at most; 20.000 mm are asked"):
        _laws.inverse(Law("even", (-0.4,), 21.63), [1.0, 20.0])
    # where the displacement is held before it turns, every radius is reached
    assert _laws.inverse(Law("even", (-0.4,), 21.63), 20.0, valid_mm=15.0) == pytest.approx(20 + 0.4 * 15**3 / 21.63**2)


@pytest.mark.parametrize(
    ("law", "said"),
    [
        (Law("evn", (), 1.0), "'evn' is no model of distortion; there are even, poly3"),
        (Law("poly3", (1.0, 2.0), 1.0), "poly3 has 1 terms at most, not 2"),
    ],
)
def test_laws_that_are_none(law, said):
    with pytest.raises(StageError, match=said):
        _laws.ratio(law, RADII)
    for function in (_laws.colour_ratio, _laws.light):
        with pytest.raises(StageError, match="'evn' is no model of"):
            function(Law("evn", (), 1.0), RADII)


def test_opencv_says_the_same_of_acm_and_fisheye():
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(1)
    points = rng.uniform(-0.5, 0.5, (50, 2))
    flat = np.column_stack([points, np.ones(50)])
    k = (-0.1, 0.02, 0.003, 0.001, -0.002)
    wanted, _ = cv2.projectPoints(flat, np.zeros(3), np.zeros(3), np.eye(3), np.array([*k[:2], *k[3:], k[2]]))
    law = Law("acm", k, 35.0)
    np.testing.assert_allclose(landed(law, points * 35) / 35, wanted[:, 0], atol=1e-12)
    law = LAWS[5]
    wanted = cv2.fisheye.distortPoints(points[:, None], np.eye(3), np.array(law.terms))[:, 0]
    np.testing.assert_allclose(landed(law, points * law.unit_mm) / law.unit_mm, wanted, atol=1e-12)
    back = cv2.fisheye.undistortPoints(wanted[:, None], np.eye(3), np.array(law.terms))[:, 0]
    found = _laws.inverse(law, np.hypot(*wanted.T) * law.unit_mm)
    np.testing.assert_allclose(found, np.hypot(*back.T) * law.unit_mm, atol=1e-5)


def landed(law, points):
    """Where points (right, down) in mm land, tangential terms with them."""
    right, down = points.T
    radius = np.hypot(right, down)
    ratio, (t_down, t_right) = _laws.ratio(law, radius), _laws.tangential(law)
    v = down * ratio + t_down * (radius**2 + 2 * down**2) + 2 * t_right * down * right
    h = right * ratio + t_right * (radius**2 + 2 * right**2) + 2 * t_down * down * right
    return np.column_stack([h, v])


def test_tangential_terms_of_opcodes_are_in_their_unit():
    assert _laws.tangential(LAWS[6]) == (0.001 / 21.63, -0.0005 / 21.63)
    assert _laws.tangential(LAWS[8]) == (0.001 / 21.63, 0.002 / 21.63)
    assert _laws.tangential(LAWS[0]) == (0.0, 0.0)
    assert _laws.colour_tangential(Law("acm", (1.01, 0, 0, 0, 0.002, 0.003), 35.0)) == (
        1.01 * 0.002 / 35,
        1.01 * 0.003 / 35,
    )
    assert _laws.colour_tangential(Law("poly3", (1.0,), 12.0)) == (0.0, 0.0)


XML = """<lensdatabase version="1"><mount><name>M</name></mount>
<lens><maker>Anybody</maker><model>Any 35mm f/2</model><mount>M</mount><cropfactor>1.0</cropfactor>
<aspect-ratio>3:2</aspect-ratio><calibration>
<distortion model="{model}" focal="35" {terms}/>
<tca model="poly3" focal="35" vr="1.0006" cr="-0.0002" br="0.0003" vb="0.9995" cb="0.0001" bb="-0.0002"/>
<vignetting model="pa" focal="35" aperture="2" distance="1000" k1="-0.6" k2="0.2" k3="-0.1"/>
</calibration></lens></lensdatabase>"""


@pytest.mark.parametrize("law", LAWS[1:4], ids=name)
def test_lensfun_says_the_same(law):
    lensfunpy = pytest.importorskip("lensfunpy")
    names = {"poly3": ("k1",), "poly5": ("k1", "k2"), "ptlens": ("a", "b", "c")}[law.model]
    terms = " ".join(f'{n}="{v}"' for n, v in zip(names, law.terms, strict=True))
    known = lensfunpy.Database(
        xml=XML.format(model=law.model, terms=terms), load_common=False, load_bundled=False
    ).lenses[0]
    rows, cols = 200, 300
    modifier = lensfunpy.Modifier(known, 1.0, cols, rows)
    modifier.initialize(35.0, 2.0, 1000.0, scale=1.0, pixel_format=np.float32)
    found = modifier.apply_subpixel_geometry_distortion()
    row, col = np.indices((rows, cols)) - np.array([(rows - 1) / 2, (cols - 1) / 2])[:, None, None]
    # lensfun counts the diagonal between the centres of the corner pixels
    pixel_mm = math.hypot(36, 24) / math.hypot(rows - 1, cols - 1)
    green = _laws.ratio(law, np.hypot(row, col) * pixel_mm)
    landed_mm = np.hypot(row, col) * pixel_mm * green
    red, blue = Law("poly3", (1.0006, -0.0002, 0.0003), 12.0), Law("poly3", (0.9995, 0.0001, -0.0002), 12.0)
    for n, ratio in enumerate((_laws.colour_ratio(red, landed_mm), 1.0, _laws.colour_ratio(blue, landed_mm))):
        wanted = np.stack([col * green * ratio + (cols - 1) / 2, row * green * ratio + (rows - 1) / 2], axis=-1)
        # lensfun (0.3.4 with SSE) mixes up the pixels of a group of four in poly3 and ptlens, all but the first one's
        # column, and divides by estimates of 12 bits in ptlens.
        there = np.s_[:, ::4, :1] if law.model != "poly5" else np.s_[:, :, :]
        atol = 0.01 if law.model == "ptlens" else 4e-4
        np.testing.assert_allclose(found[:, :, n][there], wanted[there], atol=atol)
    image = np.full((rows, cols, 3), 0.1, np.float32)
    modifier.apply_color_modification(image)
    light = _laws.light(Law("pa", (-0.6, 0.2, -0.1), math.hypot(36, 24) / 2), np.hypot(row, col) * pixel_mm)
    np.testing.assert_allclose(0.1 / image[..., 1], light, rtol=0.01)


def test_colours_by_hand():
    assert _laws.colour_ratio(Law("poly3", (1.001, 0.0002, -0.0003), 10.0), 20.0) == pytest.approx(
        1.001 + 0.0004 - 0.0012
    )
    assert _laws.colour_ratio(Law("acm", (1.001, 0.01, 0.002, 0.0005), 10.0), 20.0) == pytest.approx(
        1.001 * (1 + 0.04 + 0.032 + 0.032)
    )
    law = Law("poly3", (1.001, 0.0, -0.0003), 10.0)
    assert 30 * (_laws.colour_ratio(law, 30.0, 20.0) - 1) == pytest.approx(20 * (_laws.colour_ratio(law, 20.0) - 1))


def test_light_by_hand():
    assert _laws.light(Law("pa", (-0.5, 0.2, -0.1), 10.0), 5.0) == pytest.approx(1 - 0.125 + 0.0125 - 0.0015625)
    gains = Law("gain", (0.1, 0.2, 0.3, 0.4, 0.5), 10.0)
    assert _laws.light(gains, 10.0) == pytest.approx(1 / 2.5)
    # 45 degrees off the axis cos⁴ is a quarter
    assert _laws.light(Law("cos4", (), 35.0), 35.0) == pytest.approx(0.25)
    assert _laws.light(gains, 30.0, valid_mm=10.0) == _laws.light(gains, 10.0)
    stops = Law("table", (0, 0, 5, -0.5, 10, -2.0), 2.0)
    np.testing.assert_allclose(_laws.light(stops, [0, 10, 20, 50]), [1, 2**-0.5, 0.25, 0.25])
    # a line between two points
    assert _laws.light(Law("table", (0, 0, 10, -1.0), 1.0), 5.0) == pytest.approx(2**-0.5)


@pytest.mark.parametrize("ev", [(0, -0.1, -0.5, -0.4, -2.0), (0, -0.2, -0.2, -0.9, -1.0), (-0.3, 0, -1.0, -3.0, -3.2)])
def test_tables_are_scipys_monotone_cubics(ev):
    interpolate = pytest.importorskip("scipy.interpolate")
    at = (0.0, 3.0, 8.0, 14.0, 21.0)
    law = Law("table", tuple(v for pair in zip(at, ev, strict=True) for v in pair), 1.0)
    inside = np.linspace(0, 21, 300)
    np.testing.assert_allclose(
        np.log2(_laws.light(law, inside)), interpolate.PchipInterpolator(at, ev)(inside), atol=1e-12
    )


def test_broken_tables_are_refused():
    for terms in ((), (0, 0), (0, 0, 5), (0, 0, 5, -1, 5, -2)):
        with pytest.raises(StageError, match="table: pairs of a radius and EV, two at least, radii growing"):
            _laws.light(Law("table", terms, 1.0), 3.0)
