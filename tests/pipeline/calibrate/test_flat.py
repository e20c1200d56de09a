"""Frames of even light of simulated lenses and sensors that are known, and frames that are none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.kernels import _laws
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate.blocks import blocks_of
from tenbit.pipeline.calibrate.flat import Flats, flat
from tenbit.pipeline.calibrate.shading import RADIAL, field_of, law_of, radial
from tenbit.pipeline.calibrate.suited import unsuited
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.lenses.asked import of_options
from tenbit.pipeline.lenses.files import load_profile
from tenbit.pipeline.raw import read
from tenbit.pipeline.raw.defects import DefectList
from tenbit.pipeline.sample import LensModel, make

ROWS, COLS = 384, 512
LENS = LensModel(vignetting=(-0.9, 0.35, -0.05), red_shading=(0.03, -0.02, -0.1), blue_shading=(-0.02, 0.03, 0.06))
SENSOR = of_options(sensor="36x27")
SLUG = "summilux-m-35-1.4-asph-fle"
# 20 % more and less light at the ends of a diagonal.
TILT = (0.12, 0.16)
Light = Callable[[np.ndarray, np.ndarray], np.ndarray]
Shoot = Callable[..., Path]


def places(rows: int = ROWS, cols: int = COLS) -> tuple[np.ndarray, np.ndarray]:
    """Pixels from the middle, down and right, in half diagonals."""
    half = np.hypot(rows, cols) / 2
    v, u = np.mgrid[:rows, :cols].astype(float)
    return (v - (rows - 1) / 2) / half, (u - (cols - 1) / 2) / half


def sloping(down: float, right: float, level: float = 0.6) -> Light:
    return lambda v, u: level * (1 + down * v + right * u)


@pytest.fixture
def shoot(here: Path, monkeypatch: pytest.MonkeyPatch) -> Shoot:
    """``shoot(name, light, lens)``: a frame of that light, in the current folder; profiles are kept in ``mine``."""
    monkeypatch.setenv("TENBIT_LENSES", str(here / "mine"))

    def shot(name: str, light: Light, lens: LensModel = LENS, *, seed: int = 0, **more: object) -> Path:
        level = light(*places())
        make(here / name, scene=np.repeat(level[..., None], 3, -1), lens=lens, seed=seed, truth=False, **more)
        return here / name

    return shot


def measured(paths: list[Path], **more: object) -> Flats:
    found, refused = flat(paths, asked=SENSOR, said=pytest.fail, **more)
    assert refused == 0
    return found


def left_uneven(found: Flats, lens: LensModel) -> np.ndarray:
    """What the map leaves of each site's light, relative to the middle: 0 is even. (4, points down, points across)."""
    (flat_map,) = found.measurement().flat
    gains = np.array(flat_map.gains.split(), float).reshape(4, *flat_map.points)
    v, u = np.meshgrid(np.linspace(-0.6, 0.6, 25), np.linspace(-0.8, 0.8, 33), indexing="ij")
    light = lens.gains(v, u)
    even = np.stack([gains[site] * light["RGB".index(letter)] for site, letter in enumerate(found.cfa)])
    return even / even[:, 12:13, 16:17] - 1


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG", "QBGGR"])
def test_fall_off_and_shading_are_found_in_sloping_light(shoot: Shoot, cfa: str) -> None:
    paths = [
        shoot(f"{n}.dng", sloping(*slope), seed=n, cfa=cfa, hot_pixels=30)
        for n, slope in enumerate([TILT, (-TILT[0], -TILT[1]), (0.0, 0.2), (0.2, 0.0)])
    ]
    found = measured(paths)
    (aperture,) = found.apertures
    assert aperture.f_number == 2
    radius = np.linspace(0, 1, 21)
    k1, k2, k3 = LENS.vignetting
    truth = np.log2(1 + k1 * radius**2 + k2 * radius**4 + k3 * radius**6)
    # Asked for: 0.05 EV; what noise of 16 pixels a block leaves is less.
    np.testing.assert_allclose(aperture.lost_ev(radius), truth, atol=0.01)
    np.testing.assert_allclose(np.log2(_laws.light(aperture.law, radius)), truth, atol=0.01)
    assert (np.abs(aperture.lost_ev(radius) - truth) < 4 * aperture.spread_ev(radius) + 1e-3).all()
    left = left_uneven(found, LENS)
    greens = [site for site in range(4) if found.cfa[site] == "G"]
    green = left[greens].mean(axis=0)
    assert np.abs((1 + left) / (1 + green) - 1).max() < 0.005
    assert np.abs(left).max() < 0.01
    for shot, path in zip(aperture.shots, paths, strict=True):
        assert shot.path == path
    np.testing.assert_allclose(aperture.shots[0].field.tilt, TILT, atol=0.003)


def test_corners_of_a_strong_fall_off_count_however_little_noise_there_is(shoot: Shoot) -> None:
    lens = LensModel(vignetting=(-0.8, 0.0, 0.0))
    found = measured(
        [
            shoot(f"{n}.dng", sloping(*slope), lens, seed=n, bits=14, full_well_e=3e5, read_noise_e=0.5)
            for n, slope in enumerate([(0.15, 0.1), (-0.15, -0.1), (0.1, -0.2), (-0.1, 0.2)])
        ]
    )
    radius = np.linspace(0, 1, 41)
    truth = np.log2(1 - 0.8 * radius**2)
    # A corner that is taken for an outlier is off by 0.05.
    np.testing.assert_allclose(found.apertures[0].lost_ev(radius), truth, atol=0.01)
    np.testing.assert_allclose(np.log2(_laws.light(found.apertures[0].law, radius)), truth, atol=0.01)


def test_a_barrel_that_cuts_light_off_becomes_a_table(shoot: Shoot) -> None:
    def light(v: np.ndarray, u: np.ndarray) -> np.ndarray:
        radius = np.hypot(v, u)
        return (
            0.7
            * np.where(radius > 0.55, 1 - 0.8 * (np.clip(radius - 0.55, 0, None) / 0.45) ** 1.5, 1)
            / (1 + 0.4 * radius**2)
        )

    found = measured([shoot(f"{n}.dng", light, LensModel(), seed=n) for n in range(3)])
    (aperture,) = found.apertures
    assert aperture.law.model == "table"
    radius = np.linspace(0, 0.99, 34)
    truth = np.log2(light(radius, 0 * radius) / 0.7)
    assert truth.min() < -2.5
    np.testing.assert_allclose(np.log2(_laws.light(aperture.law, radius)), truth, atol=0.05)


def test_a_lens_off_its_centre_is_told_from_light_by_turning_the_camera(shoot: Shoot) -> None:
    def left(v: np.ndarray, u: np.ndarray) -> np.ndarray:
        square = (v - 0.05) ** 2 + (u - 0.03) ** 2
        return np.asarray(1 - 0.6 * square + 0.15 * square**2)

    def light(sign: int) -> Light:
        return lambda v, u: 0.6 * left(v, u) * (1 + sign * (0.15 * v - 0.1 * u))

    # Not as many of one way as of the other.
    paths = [shoot(f"{n}.dng", light((-1) ** n), LensModel(), seed=n) for n in range(3)]
    v, u = (place[::8, ::8] for place in places())
    off = []
    for is_turned in (True, False):
        found = measured(paths, is_turned=is_turned)
        even = found.apertures[0].gains(v, u)[1] * left(v, u)
        off.append(float(np.abs(even / even[24, 32] - 1).max()))
        assert any("turns with the camera, and is kept" in line for line in found.lines()) == is_turned
    assert off[0] < 0.01
    assert off[1] > 0.05


def test_blocks_leave_out_outliers_and_known_defects() -> None:
    mosaic = np.full((64, 96), 500.0, np.float32)
    mosaic[10:12, 20:22] = 4000.0
    frame = Frame.from_mosaic(mosaic, cfa="GRBG", black=100, white=900)
    blocks = blocks_of(frame)
    assert blocks.means.shape == (4, 8, 12)
    assert blocks.cfa == "GRBG"
    np.testing.assert_array_equal(blocks.means, 0.5)
    np.testing.assert_allclose(blocks.down, -blocks.down[::-1])
    # The first block's own sites: its centre is 3.5 pixels down and right, the middle 31.5 and 47.5.
    v, u = blocks.points(3)
    half = np.hypot(64, 96) / 2
    np.testing.assert_allclose((v[0, 0] * half, u[0, 0] * half), (-27.5, -43.5))


def test_known_defects_count_for_nothing() -> None:
    mosaic = np.full((64, 96), 500.0, np.float32)
    mosaic[:, 50] = 620.0
    mosaic[:8, :8] = 0.0
    rows, cols = np.mgrid[:64, :96]
    is_bad = (cols == 50) | ((rows < 8) & (cols < 8))
    sites = DefectList(np.argwhere(is_bad))
    blocks = blocks_of(sites.on(Frame.from_mosaic(mosaic, black=100, white=900)))
    np.testing.assert_array_equal(blocks.means[:, 0, 0], 0)
    np.testing.assert_array_equal(blocks.means.reshape(4, -1)[:, 1:], 0.5)
    field = field_of(blocks)
    assert field.weights[0, 0] == 0
    np.testing.assert_allclose(field.terms, 0, atol=1e-9)
    np.testing.assert_allclose(field.tilt, 0, atol=1e-9)
    assert unsuited(blocks, field) == ""


def test_splines_of_the_radius_are_none_in_the_middle_and_one_at_the_corner() -> None:
    radius = np.linspace(0, 1, 50)
    found = radial(radius, np.zeros(50))
    assert found.shape == (50, RADIAL)
    np.testing.assert_array_equal(found[0], 0)
    assert (found >= 0).all()
    # All of them and the one left out are 1 together; that one is gone at the first knot.
    np.testing.assert_allclose(found[radius > 0.36].sum(axis=-1), 1)
    assert (np.diff(found.sum(axis=-1)) > -1e-12).all()


def test_a_law_of_light_by_hand() -> None:
    law = law_of(lambda radius: np.log(1 - 0.5 * radius**2))
    assert law.model == "pa"
    np.testing.assert_allclose(law.terms, (-0.5, 0, 0), atol=1e-9)
    steep = law_of(lambda radius: -3 * np.maximum(radius - 0.7, 0))
    assert (steep.model, steep.terms[:2], len(steep.terms)) == ("table", (0.0, 0.0), 50)
    assert steep.terms[-1] == pytest.approx(-0.9 / np.log(2))
    assert _laws.light(Law("table", steep.terms, 20.0), 20.0) == pytest.approx(np.exp(-0.9))


def bump(v: np.ndarray, u: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + 0.3 * np.exp(-((v - 0.3) ** 2 + (u + 0.4) ** 2) / 0.15))


def weave(v: np.ndarray, u: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + 0.06 * np.sin(u * 2 * np.pi * 20) * np.sin(v * 2 * np.pi * 20))


REFUSED = {
    "clipped": (sloping(0, 0, 1.3), r"clipped: 100\.0% of green is at white; expose less"),
    "dark": (
        sloping(0, 0, 0.03),
        r"too dark: its brightest colour is at [23]\.\d% of white, 8% are needed",
    ),
    "sloping": (sloping(0, 0.6, 0.4), r"uneven light: it changes by 60% from the middle to a side, 40% are allowed"),
    "uneven": (bump, r"uneven light: beside a slope it changes by up to \d\d%, in a way that no lens makes"),
    "ring": (
        lambda v, u: 0.3 * (1 + 0.8 * (v * v + u * u)),
        r"uneven light: it is brighter outside by 0\.\d\d EV, which no lens makes",
    ),
    "woven": (weave, r"not a flat: it has texture of \d%, beside noise"),
    "shadow": (lambda v, u: 0.5 * np.where((v > 0.35) & (u > 0.5), 0.8, 1.0), r"uneven light: "),
    "pictured": (lambda v, u: np.where((v > 0) ^ (u > 0.1), 0.6, 0.2), r"not a flat: parts of it differ from smooth "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_frames_that_are_no_flats_are_refused_with_the_reason(shoot: Shoot, name: str) -> None:
    light, reason = REFUSED[name]
    told: list[str] = []
    path = shoot("a.dng", light, LensModel())
    with pytest.raises(ReadError, match="none of 1 file can be used"):
        flat([path], asked=SENSOR, said=told.append)
    (line,) = told
    assert line.startswith(f"{path}: ")
    assert re.match(reason, line.removeprefix(f"{path}: ")), line


def test_a_still_life_is_no_flat(here: Path) -> None:
    make(here / "a.dng", rows=ROWS, cols=COLS, exposure_ev=-3, truth=False)
    told: list[str] = []
    with pytest.raises(ReadError):
        flat([here / "a.dng"], asked=SENSOR, said=told.append)
    assert "not a flat" in told[0] or "too dark" in told[0]


def test_frames_whose_light_is_another_are_refused(shoot: Shoot) -> None:
    def lamp(v: np.ndarray, u: np.ndarray) -> np.ndarray:
        return 0.6 / (1 + 0.15 * (v * v + u * u))

    good = [shoot(f"{n}.dng", sloping(0, 0.1 * n), seed=n) for n in range(3)]
    odd = shoot("odd.dng", lamp)
    told: list[str] = []
    found, refused = flat([*good, odd], asked=SENSOR, said=told.append)
    assert refused == 1
    assert len(found.apertures[0].shots) == 3
    assert told[0].startswith(f"{odd}: uneven light: beside a slope it differs by ")
    told.clear()
    with pytest.raises(ReadError, match="none of 2 files can be used"):
        flat([good[0], odd], asked=SENSOR, said=told.append)
    assert len(told) == 2
    assert "which is the even one is not to be told" in told[0]


def test_files_of_other_kinds_are_a_line_each(shoot: Shoot, here: Path) -> None:
    good = shoot("good.dng", sloping(0, 0))
    make(here / "small.dng", scene=np.full((64, 64, 3), 0.5), truth=False)
    (here / "broken.dng").write_bytes(b"nothing")
    told: list[str] = []
    found, refused = flat([good, here / "small.dng", here / "broken.dng"], asked=SENSOR, said=told.append)
    assert (refused, len(found.apertures)) == (2, 1)
    assert "a frame of tenbit sample, 64 x 64 RGGB" in told[0]
    assert "not a DNG" in told[1]
    with pytest.raises(RequestError, match="the size of the sensor is not known; give --sensor"):
        flat([good], asked=of_options(), said=told.append)


def invoke(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(commands, [str(a) for a in arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_profile_is_written_and_what_was_there_is_kept(shoot: Shoot, here: Path) -> None:
    paths = [shoot(f"{n}.dng", sloping(0.1, -0.1), seed=n) for n in range(2)]
    given = ("--lens", SLUG, "--sensor", "36x27", "--illuminant", "overcast")
    code, told, _ = invoke("calibrate", "flat", *paths, *given, "--plot", "plot.png")
    assert code == 0
    assert "f/2: -1.3" in told
    assert "EV at the corner, 22.50 mm, by pa" in told
    assert "few frames" in told
    assert (here / "plot.png").read_bytes().startswith(b"\x89PNG")
    path = here / "mine" / f"{SLUG}.yaml"
    (first,) = load_profile(path).measurements
    assert (first.provenance, first.source, first.date, first.sensor) == (
        "P0",
        "tenbit calibrate flat",
        "2026-01-01",
        "tenbit sample",
    )
    assert 22.5 <= first.valid_mm < 22.51
    (light,), (flat_map,) = first.vignetting, first.flat
    assert (light.f_number, light.unit_mm) == (2, 22.5)
    assert (flat_map.cfa, flat_map.points, flat_map.illuminant) == ("RGGB", (25, 33), "overcast")
    assert (flat_map.height_mm, flat_map.width_mm) == (27, 36)
    before = path.read_text("utf-8")
    code, _, said = invoke("calibrate", "flat", *paths, *given)
    assert code == 2
    assert "has a measurement at f/2 by tenbit calibrate flat, of 2026-01-01; --overwrite replaces it" in said
    assert path.read_text("utf-8") == before
    assert invoke("calibrate", "flat", *paths, *given, "--f-number", 5.6)[0] == 0
    assert invoke("calibrate", "flat", paths[0], *given, "--overwrite")[0] == 0
    (both,) = load_profile(path).measurements
    assert [entry.f_number for entry in both.vignetting] == [2, 5.6]
    assert [entry.f_number for entry in both.flat] == [2, 5.6]
    assert both.vignetting[0] != light
    assert both.note is not None
    assert both.note.startswith("f/2: 1 frame of 2026-01-01, corner ± ")
    assert "; f/5.6: 2 frames" in both.note


def test_the_aperture_of_another_lens_is_not_taken_for_this_ones(shoot: Shoot, here: Path) -> None:
    # Files say f/2 and 35 mm, as a phone behind an adapter tells its own lens; this one has 15 mm and f/8.
    path = shoot("0.dng", sloping(0.1, -0.1))
    given = ("--lens", "hologon-15-8", "--sensor", "36x27")
    code, told, _ = invoke("calibrate", "flat", path, *given)
    assert code == 0
    assert "f/?: not used: EXIF's aperture and distance, of a lens of 35 mm" in told
    assert "the aperture is not known: taken for every one; --f-number tells it" in told
    assert invoke("calibrate", "flat", path, *given, "--f-number", 8)[0] == 0
    (measured,) = load_profile(here / "mine" / "hologon-15-8.yaml").measurements
    assert [light.f_number for light in measured.vignetting] == [None, 8]


def test_a_plot_that_cannot_be_written_is_refused_before_anything_is(shoot: Shoot, here: Path) -> None:
    path = shoot("0.dng", sloping(0.1, -0.1))
    code, _, told = invoke("calibrate", "flat", path, "--lens", SLUG, "--sensor", "36x27", "--plot", "plot.pdf")
    assert (code, told.strip()) == (2, "plot.pdf: a plot is written as .png or .svg")
    assert not (here / "mine").exists()


def test_without_a_usable_frame_nothing_is_written(shoot: Shoot, here: Path) -> None:
    paths = [shoot("a.dng", sloping(0, 0, 1.5)), shoot("b.dng", sloping(0, 0, 0.02))]
    code, _, told = invoke("calibrate", "flat", *paths, "--lens", SLUG, "--sensor", "36x27")
    assert code == 1
    assert [line.split(": ")[1] for line in told.splitlines()[:2]] == ["clipped", "too dark"]
    assert told.splitlines()[-1] == "none of 2 files can be used"
    assert not (here / "mine").exists()


def test_developing_with_the_profile_makes_a_flat_even(shoot: Shoot, here: Path) -> None:
    flats = [shoot(f"{n}.dng", sloping(0, 0.2 * (-1) ** n), seed=n) for n in range(4)]
    given = ("--lens", SLUG, "--sensor", "36x27")
    assert invoke("calibrate", "flat", *flats, *given)[0] == 0
    shoot("new.dng", sloping(0, 0), seed=9)
    (here / "even.yaml").write_text("chain: [black_level, flat_field]\noutput: {format: dng}\n", "utf-8")
    code, _, told = invoke("develop", "new.dng", "-c", "even.yaml", *given, "-o", "even.dng")
    assert code == 0
    assert f"fall-off and colour shading by profile {SLUG}: tenbit calibrate flat (P0)" in told
    for name, least, most in (("new.dng", 0.3, 0.8), ("even.dng", 0.0, 0.01)):
        means = blocks_of(read(here / name)).means
        patches = means.reshape(4, 12, 4, 16, 4).mean(axis=(2, 4))
        off = np.abs(patches / patches[:, 5:7, 7:9].mean(axis=(1, 2), keepdims=True) - 1)
        assert least <= off.max() < most


def test_what_colours_are_known_to_is_told_and_true(shoot: Shoot) -> None:
    lens, worst, told = LensModel(), [], []
    for seed in range(3):
        paths = [shoot(f"{seed}-{n}.dng", sloping(0, 0), lens, iso=3200, seed=10 * seed + n) for n in range(2)]
        found = measured(paths)
        told.append(found.apertures[0].colour_spread())
        worst.append(100 * np.abs(left_uneven(found, lens)[[0, 3]]).max())
    assert 0.5 < np.median(worst) / np.median(told) < 4  # the largest of many, against a standard deviation
    assert any("more frames, or brighter ones" in line for line in found.lines())
    bright = measured([shoot(f"b{n}.dng", sloping(0, 0), lens, iso=100, seed=n) for n in range(4)])
    assert bright.apertures[0].colour_spread() < 0.25
    assert not any("brighter ones" in line for line in bright.lines())
