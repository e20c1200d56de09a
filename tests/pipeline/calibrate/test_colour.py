"""Lateral colour over several simulated frames of one lens, and what is combined of their figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.kernels._laws import colour_ratio
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate import colour as calibrate
from tenbit.pipeline.calibrate.colour import Shift, together
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.lenses.files import load_profile
from tenbit.pipeline.sample import camera, files, make
from tenbit.pipeline.sample.optics import LensModel
from tenbit.pipeline.sample.scene import StillLife
from tenbit.pipeline.sample.sensor import SensorModel

ROWS, COLS = 480, 640
HALF = float(np.hypot(ROWS, COLS)) / 2
FRINGED = LensModel(form="even", k=(-0.03,), red_scale=1.0020, blue_scale=0.9985, vignetting=(-0.4, 0.0, 0.0))
LENS = "summilux-m-35-1.4-asph-fle"
FULL_FRAME = Asked(sensor_mm=(27.0, 36.0))


@pytest.fixture
def shoot(here: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Path]]:
    """Writes still lifes as DNGs into the current folder, where the user's profiles are, too."""
    monkeypatch.setenv("TENBIT_LENSES", str(here / "lenses"))

    def write(count: int, *, lens: LensModel = FRINGED) -> list[Path]:
        paths = []
        for number in range(count):
            paths.append(here / f"shot-{number}.dng")
            sensor = SensorModel(iso=200 * (number + 1))
            mosaic, _ = camera.expose(StillLife(ROWS, COLS, number), lens, sensor, seed=number)
            files.write_together({paths[-1]: lambda file, m=mosaic, s=sensor: files.write_dng(file, m, s)})
        return paths

    return write


def invoke(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(commands, [str(a) for a in arguments])
    return done.exit_code, done.stdout, done.stderr


def quiet(text: str) -> None:
    """Lines that say nothing of the frames: no card is here, a loop is compiled."""
    assert "no GPU" in text or text.startswith("compiling "), text


def test_a_known_lens_is_found_and_written(shoot: Callable[..., list[Path]], here: Path) -> None:
    shoot(3)
    code, told, _ = invoke("calibrate", "colour", "shot-*.dng", "--lens", LENS, "--sensor", "36x27")
    assert code == 0
    assert "3 of 3 frames" in told
    (measurement,) = load_profile(here / "lenses" / f"{LENS}.yaml").measurements
    (entry,) = measurement.lateral_colour
    assert (measurement.provenance, entry.model, entry.unit_mm) == ("P0", "poly3", pytest.approx(22.5))
    assert measurement.valid_mm == pytest.approx(22.5, abs=2e-3)
    for terms, scale in ((entry.red, FRINGED.red_scale), (entry.blue, FRINGED.blue_scale)):
        for radius in (0.5, 1.0):
            ratio = float(colour_ratio(Law("poly3", terms, entry.unit_mm), radius * entry.unit_mm))
            assert abs(ratio - scale) * radius * HALF < 0.1
    # Beside what other tools have measured.
    assert invoke("calibrate", "colour", "shot-0.dng", "--lens", LENS, "--sensor", "36x27")[0] == 2
    assert invoke("calibrate", "colour", "shot-*.dng", "--lens", LENS, "--sensor", "36x27", "--overwrite")[0] == 0


def test_a_lens_without_fringes(shoot: Callable[..., list[Path]]) -> None:
    found, refused = calibrate.colour(shoot(2, lens=LensModel()), asked=FULL_FRAME, said=quiet)
    assert refused == 0
    assert all(abs(shift.corner) * HALF < 0.1 for shift in found.shifts.values())
    assert [panel.y_label for panel in found.panels()] == ["µm"]


def test_frames_without_edges_are_refused(here: Path) -> None:
    grey = np.full((ROWS, COLS, 3), 0.3, np.float32)
    make(here / "grey.dng", scene=grey, truth=False)
    told: list[str] = []
    with pytest.raises(RequestError, match="none of 1 file can be used"):
        calibrate.colour([here / "grey.dng"], asked=FULL_FRAME, said=told.append)
    assert told[-1].endswith("grey.dng: too few sharp edges to measure lateral colour by")


def shifts(*corners: float, error: float = 1e-4) -> list[dict[str, Shift]]:
    return [{"red": Shift(corner, 0.0, error), "blue": Shift(-corner, 0.0, error)} for corner in corners]


def test_hand_worked_mean() -> None:
    """Two frames that agree as well as their errors say: the mean by the inverse squares, and its error."""
    found = together(
        [{"red": Shift(1e-3, 0, 1e-4), "blue": Shift(0, 0, 1e-4)}, shifts(1.2e-3, error=2e-4)[0]], half_px=1
    )
    assert found["red"].growth == pytest.approx((4 * 1e-3 + 1.2e-3) / 5)
    assert found["red"].error == pytest.approx(1e-4 * 0.8**0.5)
    assert found["red"].frames == 2


def test_one_wrong_frame_hardly_moves_the_mean() -> None:
    found = together(shifts(*[1e-3 + n * 2e-5 for n in range(-4, 5)], 5e-3), half_px=1)
    assert found["red"].corner == pytest.approx(1e-3, abs=1.5e-4)


def test_frames_that_contradict_each_other_are_less_sure() -> None:
    same, apart = (together(shifts(*corners), half_px=1)["red"] for corners in ((1e-3,) * 4, (0.0, 2e-3, 0.0, 2e-3)))
    assert same.error == pytest.approx(5e-5)
    assert apart.error > 3e-4
    with pytest.raises(RequestError, match=r"leave red open by 0\.7\d px at the corner, more than 0\.1"):
        together(shifts(0.0, 2e-3, 0.0, 2e-3), half_px=1000)


def test_a_colour_that_no_frame_shows_is_refused() -> None:
    with pytest.raises(RequestError, match="too few sharp edges in blue"):
        together([{"red": Shift(0.0, 0.0, 1e-4)}], half_px=1)
