"""Dark frames of simulated sensors whose levels, noise and defects are known, and what is written of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline.calibrate import dark as calibrate
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.raw import read
from tenbit.pipeline.raw.camera import load_camera
from tenbit.pipeline.raw.defects import load_defects
from tenbit.pipeline.sample import files, make
from tenbit.pipeline.sample.sensor import SensorModel

ROWS, COLS = 96, 128
HOT = np.array([[3, 5], [3, 6], [40, 77], [95, 127]])
LOW = np.array([[10, 20]])


@pytest.fixture
def night(here: Path) -> Callable[..., list[Path]]:
    """Writes dark frames with `HOT` and `LOW` defects into the current folder."""

    def write(count: int, *, iso: float = 800, seed: int = 1, suffix: str = ".dng", cfa: str = "RGGB") -> list[Path]:
        sensor = SensorModel(iso=iso, cfa=cfa)
        rng = np.random.default_rng(seed)
        paths = []
        for number in range(count):
            mosaic = sensor.counts(np.zeros((ROWS, COLS)), rng)
            mosaic[tuple(HOT.T)] += np.array([30, 150, 300, 900], np.uint16)
            mosaic[tuple(LOW.T)] = 0
            mosaic[number, 50] += 200  # a cosmic ray, in this frame alone
            path = here / f"iso{iso:g}-{number}{suffix}"
            write_raw(path, mosaic, sensor)
            paths.append(path)
        return paths

    return write


def write_raw(path: Path, mosaic: np.ndarray, sensor: SensorModel) -> None:
    if path.suffix == ".dng":
        files.write_together({path: lambda file: files.write_dng(file, mosaic, sensor)})
    else:
        stride = mosaic.shape[1] // 4 * 5
        path.write_bytes(files.pack_raw10(mosaic, stride))
        path.with_name(path.name + ".json").write_bytes(files.sidecar(mosaic.shape, stride, sensor))


def invoke(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(commands, [str(a) for a in arguments])
    return done.exit_code, done.stdout, done.stderr


def test_black_noise_and_sites_of_known_frames(night: Callable[..., list[Path]]) -> None:
    found, failed = calibrate.dark(night(5), said=pytest.fail)
    assert failed == 0
    np.testing.assert_array_equal(found.hot, HOT)
    np.testing.assert_array_equal(found.low, LOW)
    np.testing.assert_allclose(found.black, 64, atol=0.1)
    (group,) = found.groups.values()
    # Reading: 2.5 electrons of 1875 over 959 counts; rounding adds a twelfth.
    expected = np.sqrt((2.5 / 1875 * 959) ** 2 + 1 / 12)
    np.testing.assert_allclose(np.mean(group.noise, axis=0), expected, rtol=0.05)
    (row,) = found.table()
    assert row[:3] == ("800", "0.008 s", "5")
    assert row[5:] == ("4", "1")


def test_exposures_are_told_apart(night: Callable[..., list[Path]]) -> None:
    paths = [*night(2, iso=800), *night(3, iso=6400)]
    found, _ = calibrate.dark(paths, said=pytest.fail)
    assert [row[0] for row in found.table()] == ["800", "6400"]
    noise = [np.mean(group.noise) for group in found.groups.values()]
    assert 7 < noise[1] / noise[0] < 8.5
    # Thirty counts are no defect in the noise of ISO 6400, but in that of ISO 800.
    assert (found.hot == HOT).all()
    assert [row[5] for row in found.table()] == ["4", "3"]


def test_a_single_frame_says_that_its_noise_is_its_own(night: Callable[..., list[Path]]) -> None:
    found, _ = calibrate.dark(night(1), said=pytest.fail)
    assert found.table()[0][4].endswith(" (of one frame)")
    # The cosmic ray cannot be told from a defect.
    assert len(found.hot) == len(HOT) + 1


def test_a_list_is_written_and_read_back(night: Callable[..., list[Path]], here: Path) -> None:
    paths = night(3)
    code, told, _ = invoke("calibrate", "dark", "*.dng", "-o", "dark.yaml")
    assert code == 0
    assert told.endswith(f"dark.yaml: 5 defective sites of {ROWS} x {COLS}\n")
    known = load_defects(here / "dark.yaml")
    np.testing.assert_array_equal(known.sites, np.unique(np.concatenate([HOT, LOW]), axis=0))
    assert (known.rows, known.cols) == (ROWS, COLS)
    np.testing.assert_array_equal(known.on(read(paths[0])).facts.defects, known.sites)
    assert invoke("calibrate", "dark", paths[0], "-o", "dark.yaml")[0] == 2
    assert invoke("calibrate", "dark", paths[0], "-o", "dark.yaml", "--overwrite")[0] == 0


def test_bad_files_are_a_line_each_and_the_good_ones_are_used(night: Callable[..., list[Path]], here: Path) -> None:
    night(2)
    (here / "broken.dng").write_bytes(b"nothing")
    make(here / "light.dng", rows=ROWS, cols=COLS, truth=False)
    make(here / "other.dng", rows=64, cols=64, exposure_ev=-20, truth=False)
    code, _, told = invoke("calibrate", "dark", *sorted(here.glob("*.dng")), "-o", "dark.yaml")
    assert code == 1
    lines = told.splitlines()
    assert len(lines) == 3
    assert "broken.dng: not a DNG" in lines[0]
    assert "light.dng: no dark frame: its mean is " in lines[1]
    assert "other.dng: a frame of 64 x 64 RGGB; the first was of 96 x 128 RGGB" in lines[2]
    assert len(load_defects(here / "dark.yaml").sites) == 5


def test_without_a_good_file_nothing_is_written(here: Path) -> None:
    (here / "broken.dng").write_bytes(b"nothing")
    code, _, told = invoke("calibrate", "dark", "broken.dng", "-o", "dark.yaml")
    assert code == 2
    assert told.splitlines()[-1] == "none of 1 file is a dark frame that can be used"
    assert not (here / "dark.yaml").exists()
    with pytest.raises(RequestError, match="none of 0 files"):
        calibrate.dark([], said=pytest.fail)


def test_a_frame_full_of_outliers_is_no_dark_frame(here: Path) -> None:
    sensor = SensorModel()
    mosaic = sensor.counts(np.zeros((ROWS, COLS)), np.random.default_rng(0))
    mosaic[::8, ::8] = 900
    write_raw(here / "spotted.dng", mosaic, sensor)
    told: list[str] = []
    with pytest.raises(RequestError):
        calibrate.dark([here / "spotted.dng"], said=told.append)
    assert told[0].endswith("no dark frame: 1.6% of its sites stand out by 6 standard deviations")


def test_frames_of_a_dump_make_a_camera_file(night: Callable[..., list[Path]], here: Path) -> None:
    paths = night(3, suffix=".raw10")
    code, _, _ = invoke("calibrate", "dark", *paths, "-o", "measured.yaml")
    assert code == 0
    paths[0].with_name(paths[0].name + ".json").unlink()
    camera = load_camera(here / "measured.yaml", paths[0])
    assert camera is not None
    assert (camera.packing, camera.make) == ("raw10", "tenbit")
    np.testing.assert_allclose(camera.black, 64, atol=0.1)
    frame = read(paths[0], camera=here / "measured.yaml")
    np.testing.assert_array_equal(frame.facts.defects, np.unique(np.concatenate([HOT, LOW]), axis=0))


def test_quad_bayer(night: Callable[..., list[Path]]) -> None:
    found, _ = calibrate.dark(night(2, cfa="QRGGB"), said=pytest.fail)
    np.testing.assert_array_equal(found.hot, HOT)
    assert len(found.black) == 16
    assert " " not in found.table()[0][3]


def test_developing_with_the_list_fills_its_sites(night: Callable[..., list[Path]], here: Path) -> None:
    invoke("calibrate", "dark", *night(3), "-o", "dark.yaml")
    make(here / "a.dng", rows=ROWS, cols=COLS, truth=False)
    (here / "filled.yaml").write_text("chain: [defect_pixels, black_level]\noutput: {format: tiff}\n", "utf-8")
    code, _, told = invoke("develop", "a.dng", "-c", "filled.yaml", "--defects", "dark.yaml")
    assert code == 0
    assert "a.dng: note: defect_pixels: 5 listed sites are filled" in told
    code, told, _ = invoke("check", "small.yaml", "--frame", "a.dng", "--defects", "dark.yaml")
    assert "note: 5 known defects are not repaired; put defect_pixels before black_level" in told
    make(here / "b.dng", rows=64, cols=COLS, truth=False)
    code, _, told = invoke("develop", "b.dng", "-c", "filled.yaml", "--defects", "dark.yaml")
    assert code == 1
    assert "b.dng: dark.yaml is for frames of 96 rows; this one has 64" in told
    code, _, told = invoke("develop", "b.dng", "--defects", "none.yaml")
    assert (code, told) == (2, "--defects: none.yaml: a YAML file with a list of defects belongs here\n")


def test_a_chain_that_goes_by_covered_pixels_is_sound_and_refuses_files_without(here: Path) -> None:
    (here / "drift.yaml").write_text("chain: [black_level: {drift: true}]\noutput: {format: tiff}\n", "utf-8")
    assert invoke("check", "drift.yaml")[0] == 0
    make(here / "a.dng", rows=64, cols=64, truth=False)
    code, _, told = invoke("develop", "a.dng", "-c", "drift.yaml")
    assert code == 1
    assert "drift needs covered pixels beside every row, which the file lacks" in told
