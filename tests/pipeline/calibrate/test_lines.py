"""Distortion from simulated charts by lenses whose distortion is known, and sets of frames that must be refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.kernels._laws import inverse, ratio
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate import lines as calibrate
from tenbit.pipeline.calibrate.edges import Edge, edges
from tenbit.pipeline.calibrate.plumb import Demands, distortion, plumbed
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.lenses.files import load_profile
from tenbit.pipeline.sample import camera, files
from tenbit.pipeline.sample.optics import LensModel
from tenbit.pipeline.sample.sensor import SensorModel

ROWS, COLS = 480, 640
HALF = float(np.hypot(ROWS, COLS)) / 2
SENSOR = SensorModel(iso=400)
BARREL = LensModel(form="even", k=(-0.04, 0.015), vignetting=(-0.4, 0.0, 0.0))
LENS = "summilux-m-35-1.4-asph-fle"


class Chart:
    """A flat chart seen at an angle in uneven light: checker, grid, bricks or discs; lengths in half diagonals."""

    rows, cols = ROWS, COLS

    def __init__(self, kind: str = "checker", *, pitch: float = 0.16, turn: float = 4.0, tilt=(0.08, -0.1)) -> None:
        self.kind, self.pitch, self.turn, self.tilt = kind, pitch, np.radians(turn), tilt

    def at(self, row, col):
        v, u = (row - (self.rows - 1) / 2) / HALF, (col - (self.cols - 1) / 2) / HALF
        far = 1 + self.tilt[0] * v + self.tilt[1] * u
        y = (np.cos(self.turn) * v - np.sin(self.turn) * u + 0.03) / far
        x = (np.sin(self.turn) * v + np.cos(self.turn) * u - 0.05) / far
        light = 0.05 + 0.8 * getattr(self, self.kind)(y, x, 1 / HALF / far)
        light = light * (1 + 0.2 * u - 0.15 * v)
        return np.repeat(light[..., None], 3, axis=-1).astype(np.float32)

    def checker(self, y, x, px):
        def square(t):
            return np.clip((np.abs((t / self.pitch - 0.5) % 2 - 1) - 0.5) * self.pitch / (0.7 * px), -1, 1)

        return 0.5 + 0.5 * square(y) * square(x)

    def grid(self, y, x, px):
        away = [np.abs((t / self.pitch + 0.5) % 1 - 0.5) * self.pitch for t in (y, x)]
        return np.clip((np.minimum(*away) - 0.006) / px + 0.5, 0, 1)

    def bricks(self, y, x, px):
        course = np.floor(y / self.pitch)
        bed = np.abs((y / self.pitch + 0.5) % 1 - 0.5) * self.pitch
        at = x / (2 * self.pitch) + 0.5 * (course % 2)
        joint = np.abs((at + 0.5) % 1 - 0.5) * 2 * self.pitch
        mortar = 1 - np.clip((np.minimum(bed, joint) - 0.008) / px + 0.5, 0, 1)
        return mortar * 0.95 + (1 - mortar) * (0.4 + 0.15 * np.sin(12.9 * course + 37 * np.floor(at)))

    def discs(self, y, x, px):
        pitch = 2.6 * self.pitch
        away = np.hypot(y - pitch * np.round(y / pitch), x - pitch * np.round(x / pitch))
        return np.clip((away - 0.42 * pitch) / px + 0.5, 0, 1)


def exposed(chart: Chart, lens: LensModel, *, seed: int = 1, sensor: SensorModel = SENSOR) -> np.ndarray:
    return camera.expose(chart, lens, sensor, seed=seed)[0]


def frame_of(chart: Chart, lens: LensModel, *, seed: int = 1, sensor: SensorModel = SENSOR) -> Frame:
    mosaic = exposed(chart, lens, seed=seed, sensor=sensor)
    return Frame.from_mosaic(mosaic, cfa=sensor.cfa, black=sensor.black, white=sensor.white)


def truth(lens: LensModel, radius: float) -> float:
    """Distortion at a distorted radius, counted from the centre; by the simulator's own formula."""
    _, u = lens.ideal(np.zeros(2), np.array([radius, 1e-4]), COLS / ROWS)
    return float(radius / u[0] / (1e-4 / u[1]) - 1)


def found_in(*frames: Frame) -> list[Edge]:
    return [edge for frame in frames for edge in edges(frame, shortest_px=calibrate.SHORTEST * HALF)]


def fit(*frames: Frame, **more):
    return plumbed(found_in(*frames), axis=((ROWS - 1) / 2, (COLS - 1) / 2), half_px=HALF, **more)


@pytest.fixture
def shoot(here: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Path]]:
    """Writes charts as DNGs into the current folder, where the user's profiles are, too."""
    monkeypatch.setenv("TENBIT_LENSES", str(here / "lenses"))

    def write(*charts: Chart, lens: LensModel = BARREL, name: str = "shot", sensor: SensorModel = SENSOR) -> list[Path]:
        paths = []
        for number, chart in enumerate(charts):
            mosaic = exposed(chart, lens, seed=number, sensor=sensor)
            paths.append(here / f"{name}-{number}.dng")
            files.write_together({paths[-1]: lambda file, m=mosaic: files.write_dng(file, m, sensor)})
        return paths

    return write


def invoke(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(commands, [str(a) for a in arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("kind", ["checker", "grid", "bricks"])
@pytest.mark.parametrize(
    "lens",
    [
        BARREL,
        LensModel(form="even", k=(0.05, -0.03, 0.01)),
        LensModel(form="acm", k=(-0.08, 0.05), focal=1.6),
        LensModel(form="fisheye", k=(0.1,), focal=1.6),
    ],
    ids=["barrel", "waves", "acm", "fisheye"],
)
def test_known_lenses_are_found(kind, lens):
    result = fit(frame_of(Chart(kind), lens), frame_of(Chart(kind, turn=-38, tilt=(-0.05, 0.1)), lens, seed=2))
    for radius in (0.5, 0.8, 1.0):
        # Of the radius; asked for is 0.0005 at the corner.
        assert float(result.distortion(radius)) == pytest.approx(truth(lens, radius), abs=4e-4)
    assert float(result.error(1.0)) < 5e-4
    assert result.after_px < 0.15 < result.before_px
    assert result.centre == (0.0, 0.0)
    assert 0.85 < result.valid <= 1.0


@pytest.mark.parametrize("cfa", ["GRBG", "QRGGB"])
def test_noise_and_other_mosaics(cfa):
    sensor = SensorModel(cfa=cfa, iso=3200)
    shots = [frame_of(Chart(turn=turn), BARREL, seed=seed, sensor=sensor) for seed, turn in ((1, 4), (2, 25))]
    assert float(fit(*shots).distortion(1.0)) == pytest.approx(truth(BARREL, 1.0), abs=5e-4)


def test_no_distortion_is_none():
    result = fit(frame_of(Chart(), LensModel()))
    assert abs(float(result.distortion(1.0))) < 2e-4


def test_a_model_with_odd_powers():
    lens = LensModel(form="ptlens", k=(0.0184, -0.0506, 0.0446))
    shots = [frame_of(Chart("grid"), lens), frame_of(Chart(turn=-38), lens, seed=2)]
    result = fit(*shots, model="ptlens")
    for radius in (0.5, 1.0):
        assert float(result.distortion(radius)) == pytest.approx(truth(lens, radius), abs=4e-4)
    assert result.law.model == "ptlens"


def test_a_centre_beside_the_middle():
    class Shifted(LensModel):
        def ideal(self, y, x, aspect=4 / 3, scale=1.0):
            v, u = super().ideal(y - 0.03, x + 0.02, aspect, scale)
            return v + 0.03, u - 0.02

    lens = Shifted(form="even", k=(-0.05,))
    result = fit(frame_of(Chart(), lens), frame_of(Chart(turn=-38), lens, seed=2))
    assert result.centre == pytest.approx((0.03, -0.02), abs=2e-3)
    assert float(result.distortion(0.9)) == pytest.approx(truth(LensModel(form="even", k=(-0.05,)), 0.9), abs=3e-4)


def test_edges_are_where_they_are():
    """A slanted edge of known place: points are off by hundredths of a pixel, on quad-Bayer too."""

    class Slant(Chart):
        def at(self, row, col):
            light = np.clip((col - 300.3 - 0.1 * row) / 1.5 + 0.5, 0, 1)
            return np.repeat((0.1 + 0.5 * light)[..., None], 3, axis=-1).astype(np.float32)

    for cfa, limit in (("RGGB", 0.02), ("GBRG", 0.02), ("QBGGR", 0.05)):
        frame = frame_of(Slant(), LensModel(), sensor=SensorModel(cfa=cfa, is_noisy=False, bits=14))
        (edge,) = edges(frame, shortest_px=300)
        off = (edge.points[:, 1] - 300.3 - 0.1 * edge.points[:, 0]) / np.hypot(1, 0.1)
        assert abs(off.mean()) < limit
        assert off.std() < limit


def test_hand_worked_distortion():
    """Rd = Ru (1 + 0.1 Ru²): at Ru 1, Rd is 1.1."""
    law = Law("even", (0.1,), 1.0)
    assert float(distortion(law, 1.1)) == pytest.approx(0.1)
    # Lensfun's ptlens is not 1 at the centre: 1 - 0.1 there, 1 at Ru = 1.
    assert float(distortion(Law("ptlens", (0.0, 0.1, 0.0), 1.0), 1.0)) == pytest.approx(1 / 0.9 - 1)


def drawn(lines: list[tuple[float, float, float, float]], law: Law, rng: np.random.Generator) -> list[Edge]:
    """Ideal straight lines from (v, u) to (v, u), half diagonals, as a law distorts them, with noise of 0.05 pixels."""
    out = []
    for v0, u0, v1, u1 in lines:
        t = np.linspace(0, 1, 40)[:, None]
        ideal = np.array([v0, u0]) * (1 - t) + np.array([v1, u1]) * t
        points = ideal * ratio(law, np.hypot(*ideal.T))[:, None] * 1000 + 0.05 * rng.standard_normal((40, 2))
        out.append(Edge(points, np.full(40, 0.05)))
    return out


def spread_lines(count: int, rng: np.random.Generator) -> list[tuple[float, float, float, float]]:
    return [tuple(rng.uniform(-0.65, 0.65, 4)) for _ in range(count)]


def test_errors_are_what_they_say():
    """Over sets of lines, the error at the corner is as large as told."""
    law = Law("even", (-0.03, 0.01), 1.0)
    pulls = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        result = plumbed(drawn(spread_lines(40, rng), law, rng), axis=(0.0, 0.0), half_px=1000.0)
        at = 0.8
        pulls.append(float((result.distortion(at) - distortion(law, at)) / result.error(at)))
    assert 0.4 < float(np.std(pulls)) < 2.0


def test_curved_things_among_straight_ones_are_left_out():
    law = Law("even", (-0.03,), 1.0)
    rng = np.random.default_rng(3)
    straight = drawn(spread_lines(40, rng), law, rng)
    arches = []
    for _ in range(15):
        v, u = rng.uniform(-0.4, 0.4, 2)
        turn = np.linspace(0, 1.2, 40) + rng.uniform(0, 6)
        points = 1000 * (np.array([v, u]) + 0.4 * np.stack([np.sin(turn), np.cos(turn)], axis=-1))
        arches.append(Edge(points, np.full(40, 0.05)))
    result = plumbed([*arches, *straight], axis=(0.0, 0.0), half_px=1000.0)
    assert not result.straight[:15].any()
    assert result.straight[15:].sum() > 35
    assert float(result.distortion(0.8)) == pytest.approx(float(distortion(law, 0.8)), abs=3e-4)


RNG = np.random.default_rng(5)
RADIAL = [(0.8 * np.sin(t), 0.8 * np.cos(t), -0.8 * np.sin(t), -0.8 * np.cos(t)) for t in np.linspace(0, 3, 12)]
ONE_SIDE = [(v, -0.7, v + 0.02, 0.7) for v in np.linspace(0.3, 0.6, 12)]
SMALL = [tuple(0.3 * value for value in line) for line in spread_lines(30, RNG)]
SHORT = [(v, 0.62, v + 0.1, 0.66) for v in np.linspace(-0.6, 0.5, 6)] + [
    (v, -0.62, v + 0.1, -0.66) for v in np.linspace(-0.6, 0.5, 6)
]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "no lines long enough found, 8 are needed"),
        (spread_lines(5, RNG), "5 lines long enough found, 8 are needed"),
        (RADIAL, "pass through the middle of the frame"),
        (ONE_SIDE, "lie on one side of the frame"),
        (SMALL, "of the half diagonal from the middle, 50% are needed"),
        (SHORT, "leave the distortion open by"),
    ],
    ids=["none", "few", "radial", "one side", "small", "short"],
)
def test_lines_that_do_not_tell_are_refused(lines, reason):
    edges_seen = drawn(lines, Law("even", (-0.03,), 1.0), np.random.default_rng(1))
    with pytest.raises(RequestError, match=reason):
        plumbed(edges_seen, axis=(0.0, 0.0), half_px=1000.0)


def test_curved_things_alone_are_refused():
    shots = [frame_of(Chart("discs", turn=turn), BARREL, seed=turn) for turn in (4, 25)]
    edges_seen = found_in(*shots)
    assert len(edges_seen) >= 8
    with pytest.raises(RequestError, match="no distortion makes them straight: of "):
        plumbed(edges_seen, axis=((ROWS - 1) / 2, (COLS - 1) / 2), half_px=HALF)


def test_usual_terms_hold_what_curves_leave_open():
    """Lines that end at half the frame's radius say nothing of r⁴: its error is then what is usual."""
    rng = np.random.default_rng(2)
    seen = drawn([tuple(0.6 * v for v in line) for line in spread_lines(30, rng)], Law("even", (-0.03,), 1.0), rng)
    result = plumbed(seen, axis=(0.0, 0.0), half_px=1000.0, demands=Demands(reach=0.3, error=0.05), usual=(0.05, 0.02))
    assert len(result.law.terms) == 2
    assert 0.004 < float(result.error(1.0)) < 0.03
    assert abs(float(result.distortion(1.0) - distortion(Law("even", (-0.03,), 1.0), 1.0))) < 3 * float(
        result.error(1.0)
    )


def test_a_profile_is_written_and_read(shoot: Callable[..., list[Path]], here: Path) -> None:
    shoot(Chart(), Chart("grid", turn=-38), Chart("bricks", turn=10))
    code, told, said = invoke(
        *("calibrate", "lines", "shot-*.dng", "--lens", LENS, "--sensor", "36x27", "--focus", "2", "--plot", "plot.svg")
    )
    assert (code, said) == (0, "")
    assert "shot-1.dng" in told
    assert "distortion -2." in told
    assert told.splitlines()[-1] == f"{here / 'lenses' / LENS}.yaml: tenbit calibrate lines of {LENS}"
    assert (here / "plot.svg").stat().st_size > 1000
    (measurement,) = load_profile(here / "lenses" / f"{LENS}.yaml").measurements
    (entry,) = measurement.distortion
    assert (measurement.provenance, measurement.sensor, entry.focus_m) == ("P0", "tenbit sample", 2.0)
    assert entry.unit_mm == pytest.approx(22.5)
    assert 19 < measurement.valid_mm <= 22.5
    law = Law(entry.model, entry.terms, entry.unit_mm)
    corner = float(22.5 / inverse(law, 22.5)) - 1
    assert corner == pytest.approx(truth(BARREL, 1.0), abs=4e-4)
    again = ("calibrate", "lines", "shot-0.dng", "--lens", LENS, "--sensor", "36x27", "--focus")
    code, _, said = invoke(*again, "2")
    assert code == 2
    assert said.endswith("--overwrite replaces it\n")
    assert invoke(*again, "2", "--overwrite")[0] == 0
    assert invoke(*again, "inf")[0] == 0
    (measurement,) = load_profile(here / "lenses" / f"{LENS}.yaml").measurements
    assert [entry.focus_m for entry in measurement.distortion] == [2.0, float("inf")]


def test_without_the_sensors_size_nothing_is_measured(shoot: Callable[..., list[Path]], here: Path) -> None:
    shoot(Chart())
    code, _, said = invoke("calibrate", "lines", "shot-0.dng", "--lens", LENS)
    assert (code, said) == (2, "the size of the sensor is not known; give --sensor, 24x36 or the like, in mm\n")
    assert not (here / "lenses").exists()


def test_frames_that_do_not_fit_are_a_line_each(shoot: Callable[..., list[Path]], here: Path) -> None:
    shoot(Chart(), Chart("grid"))
    (here / "shot-2.dng").write_bytes(b"nothing")
    dark = np.full((ROWS, COLS), 70, np.uint16)
    files.write_together({here / "shot-3.dng": lambda file: files.write_dng(file, dark, SENSOR)})
    files.write_together({here / "shot-4.dng": lambda file: files.write_dng(file, dark[:64, :64], SENSOR)})
    found, refused = calibrate.lines(
        sorted(here.glob("*.dng")), asked=Asked(sensor_mm=(24.0, 36.0)), said=(told := []).append
    )
    assert (len(found.shots), refused, len(told)) == (2, 3, 3)
    assert "shot-2.dng: not a DNG" in told[0]
    assert told[1].endswith("shot-3.dng: no long smooth edge was found: dark, blurred, or nothing straight in it")
    assert "shot-4.dng: a frame of " in told[2]
    assert invoke("calibrate", "lines", "shot-*.dng", "--lens", LENS, "--sensor", "36x24")[0] == 1
    code, _, said = invoke("calibrate", "lines", "shot-3.dng", "--lens", LENS, "--sensor", "36x24")
    assert (code, said.splitlines()[-1]) == (2, "none of 1 file can be used")


def test_what_cannot_be_kept_is_refused_before_anything_is_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENBIT_LENSES", str(here / "lenses"))
    (here / "broken.yaml").write_text("name: 3\n")
    for options, said, expected in (
        (
            ("--lens", "nothing-like-it"),
            "no such lens; tenbit lenses lists them; a lens that is in no catalogue needs -o",
            2,
        ),
        (("--lens", LENS, "-o", "lens.txt"), "--output: lens.txt is no .yaml file", 2),
        (("--lens", "tri-elmar-m-28-35-50-asph"), "has 28, 35, 50 mm; which of them was it set to?", 2),
        (("--lens", LENS, "-o", "broken.yaml"), "broken.yaml:1:1: measurements: missing", 1),
    ):
        code, _, told = invoke("calibrate", "lines", "a.dng", *options)
        assert code == expected
        assert said in told


def test_a_lens_in_no_catalogue_has_a_file_of_its_own(shoot: Callable[..., list[Path]], here: Path) -> None:
    shoot(Chart("grid"))
    code, told, _ = invoke(
        *("calibrate", "lines", "shot-0.dng", "--lens", "Nokton 35", "-o", "lenses/nokton-35.yaml", "--sensor", "36x27")
    )
    assert (code, told.splitlines()[-1]) == (0, "lenses/nokton-35.yaml: tenbit calibrate lines of Nokton 35")
    profile = load_profile(here / "lenses" / "nokton-35.yaml")
    assert (profile.name, profile.lenses) == ("Nokton 35", ())
    code, told, _ = invoke("lenses", "show", "nokton-35")
    assert code == 0
    assert "tenbit calibrate lines" in told


def test_opencv_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(RequestError, match=r"pip install 'tenbit\[calibrate\]'"):
        edges(Frame.from_mosaic(np.zeros((64, 64), np.float32)), shortest_px=10)
