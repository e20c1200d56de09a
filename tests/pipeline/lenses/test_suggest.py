"""Drafts of profiles from simulated ordinary pictures by a lens that is known."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.kernels._laws import colour_ratio, inverse, light
from tenbit.kernels._optics import Law
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses import suggest
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.lenses.best import Settings, optics_of
from tenbit.pipeline.lenses.files import load_profile
from tenbit.pipeline.sample import camera, files
from tenbit.pipeline.sample.optics import LensModel
from tenbit.pipeline.sample.scene import Picture, StillLife
from tenbit.pipeline.sample.sensor import SensorModel

ROWS, COLS = 360, 480
HALF = float(np.hypot(ROWS, COLS)) / 2
SENSOR = SensorModel(iso=200)
KNOWN = LensModel(form="even", k=(-0.04, 0.01), red_scale=1.0025, blue_scale=0.998, vignetting=(-0.45, 0.08, 0.0))
LENS = "summilux-m-35-1.4-asph-fle"
ASKED = Asked(sensor_mm=(27.0, 36.0))


@functools.cache
def room() -> Picture:
    """The still life, twice as large as a picture of it."""
    row, col = np.mgrid[: 2 * ROWS, : 2 * COLS].astype(float)
    return Picture(StillLife(2 * ROWS, 2 * COLS, 1).at(row, col))


class View:
    """A part of the still life, turned: another picture of a room."""

    rows, cols = ROWS, COLS

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        turn, scale = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.1)
        self.along, self.across = scale * np.cos(turn), scale * np.sin(turn)
        self.middle = np.array([ROWS, COLS]) * rng.uniform(0.6, 1.4, 2)

    def at(self, row, col):
        v, u = row - (ROWS - 1) / 2, col - (COLS - 1) / 2
        return room().at(
            self.along * v - self.across * u + self.middle[0], self.across * v + self.along * u + self.middle[1]
        )


def quiet(text: str) -> None:
    """Lines that say nothing of the pictures: no card is here, a loop is compiled."""
    assert "no GPU" in text or text.startswith("compiling "), text


def write(folder: Path, count: int, scene=View, lens: LensModel = KNOWN) -> list[Path]:
    paths = []
    for number in range(count):
        mosaic, _ = camera.expose(scene(number), lens, SENSOR, seed=number)
        paths.append(folder / f"walk-{number:02d}.dng")
        files.write_together({paths[-1]: lambda file, m=mosaic: files.write_dng(file, m, SENSOR)})
    return paths


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures of a room by `KNOWN`."""
    return write(tmp_path_factory.mktemp("walk"), 12)


@pytest.fixture(scope="module")
def found(walk: list[Path]) -> suggest.Suggestion:
    result, refused = suggest.suggest(walk, asked=ASKED, device="cpu", said=quiet)
    assert refused == 0
    return result


def test_a_known_lens_lies_within_the_errors(found: suggest.Suggestion) -> None:
    assert found.left_open == ()
    fit = found.distortion.fit
    for radius in (0.6, 0.8, 0.95):
        _, u = KNOWN.ideal(np.zeros(1), np.array([radius]), COLS / ROWS)
        away = float(fit.distortion(radius)) - (radius / float(u[0]) - 1)
        assert abs(away) < 3 * max(float(fit.error(radius)), 2e-4)
    assert float(fit.error(0.8)) < 0.003
    for colour, scale in (("red", KNOWN.red_scale), ("blue", KNOWN.blue_scale)):
        assert abs(found.colour.shifts[colour].corner - (scale - 1)) * HALF < 0.15
    lost = float(np.log2(1 + KNOWN.vignetting[0] + KNOWN.vignetting[1]))
    assert abs(float(found.light.ev(1.0)) - lost) < 3 * float(found.light.spread_ev(1.0))


def test_a_draft_says_what_it_is(found: suggest.Suggestion) -> None:
    profile = found.profile(slug=LENS, name="Summilux")
    assert (profile.name, profile.lenses) == ("Summilux (draft)", (LENS,))
    assert [m.withheld for m in profile.measurements] == [suggest.WITHHELD] * 3
    assert {m.source for m in profile.measurements} == {"tenbit lenses suggest"}
    (distortion,), (colour,), (shade,) = (
        profile.measurements[0].distortion,
        profile.measurements[1].lateral_colour,
        profile.measurements[2].vignetting,
    )
    # On a sensor of 36 x 27 mm.
    assert distortion.unit_mm == colour.unit_mm == shade.unit_mm == pytest.approx(22.5)
    law = Law(distortion.model, distortion.terms, distortion.unit_mm)
    assert float(18 / inverse(law, 18.0) - 1) == pytest.approx(float(found.distortion.fit.distortion(0.8)), abs=1e-5)
    red = float(colour_ratio(Law("poly3", colour.red, 22.5), 22.5) - 1)
    assert red == pytest.approx(found.colour.shifts["red"].corner, abs=1e-6)
    assert shade.f_number == 2.0
    lost = float(np.log2(light(Law(shade.model, shade.terms, 22.5), 22.5)))
    assert lost == pytest.approx(float(found.light.ev(1.0)), abs=0.02)
    assert [panel.y_label for panel in found.panels()] == ["%", "µm", "EV"]


def test_a_draft_is_applied_only_where_its_file_is_named(found: suggest.Suggestion) -> None:
    profile = found.profile(slug=LENS, name="Summilux")
    optics, _ = optics_of("a lens", [("draft", profile)], Settings(f_number=2.0))
    assert (optics.warp, optics.lateral, optics.falloff) == (None, None, None)
    assert {entry.reason for entry in optics.withheld} == {suggest.WITHHELD}
    optics, _ = optics_of("a lens", [("draft", profile)], Settings(f_number=2.0), is_named=True)
    assert None not in (optics.warp, optics.lateral, optics.falloff)


def test_the_command_writes_only_where_it_is_told(
    walk: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "lenses"))
    monkeypatch.setenv("TENBIT_DEVICE", "cpu")
    some = ("lenses", "suggest", *map(str, walk[:3]), "--lens", LENS, "--sensor", "36x27")
    done = CliRunner().invoke(commands, some)
    assert done.exit_code == 0, done.output
    assert "left open: fall-off: " in done.output
    assert done.stdout.splitlines()[-1].startswith("nothing is written")
    assert list(tmp_path.iterdir()) == []
    done = CliRunner().invoke(commands, [*some, "-o", "draft.yaml"])
    assert done.stdout.splitlines()[-1] == f"draft.yaml: a draft for {LENS}; develop --lens draft.yaml tries it"
    assert not (tmp_path / "lenses").exists()
    assert all(m.withheld for m in load_profile(tmp_path / "draft.yaml").measurements)
    assert (tmp_path / "draft.yaml").read_text().startswith("# Written by tenbit lenses suggest")
    done = CliRunner().invoke(commands, [*some, "-o", "draft.yaml"])
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        "Error: draft.yaml exists already; --overwrite replaces",
    )
    done = CliRunner().invoke(commands, some[:5])
    assert done.exit_code == 2
    assert "--lens: which lens took these pictures?" in done.stderr


def test_pictures_of_nothing_leave_all_open(tmp_path: Path) -> None:
    class Fog:
        rows, cols = ROWS, COLS

        def __init__(self, seed: int) -> None:
            pass

        def at(self, row, col):
            return np.full((*row.shape, 3), 0.3, np.float32)

    result, _ = suggest.suggest(write(tmp_path, 2, Fog), asked=ASKED, device="cpu", said=quiet)
    assert (result.distortion, result.colour, result.light) == (None, None, None)
    assert [text.split(":")[0] for text in result.left_open] == ["distortion", "lateral colour", "fall-off"]
    assert result.panels() == []
    with pytest.raises(RequestError, match=f"nothing of {LENS} can be told from these pictures: distortion: no lines"):
        result.profile(slug=LENS, name="Summilux")


def test_a_lens_without_distortion_is_not_given_one(tmp_path: Path) -> None:
    result, _ = suggest.suggest(write(tmp_path, 4, lens=LensModel()), asked=ASKED, device="cpu", said=quiet)
    fit = result.distortion.fit if result.distortion else None
    assert fit is None or abs(float(fit.distortion(0.8))) < 3 * float(fit.error(0.8))
