"""``tenbit lenses match``: which lens files name, why, and what would be corrected."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands
from tenbit.pipeline.frame import Exif, Frame

FLE = "summilux-m-35-1.4-asph-fle"
M9 = Exif(make="Leica Camera AG", model="M9 Digital Camera")


@pytest.fixture(autouse=True)
def no_own_profiles(tmp_path, monkeypatch):
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "own"))


def frame(exif: Exif, rows: int = 8, cols: int = 12) -> Frame:
    return dataclasses.replace(Frame.from_mosaic(np.ones((rows, cols), np.uint16)), exif=exif)


def tenbit(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["lenses", "match", *arguments], catch_exceptions=False)


@pytest.fixture
def shoot(tmp_path: Path, monkeypatch) -> Path:
    """A current folder with a simulated raw file, below which nothing is remembered."""
    from tenbit.pipeline.sample import make

    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "a.dng", rows=64, cols=64, truth=False)
    return tmp_path


def test_the_command_says_lens_reason_settings_and_sensor(shoot) -> None:
    found = tenbit("a.dng")
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[:3] == ["a.dng", "  lens       not known", "  because    nothing names a lens"]
    assert "  corrects   nothing" in lines
    found = tenbit("a.dng", "--lens", "summilux 35 fle", "--sensor", "36x24", "--focus", "inf")
    assert "  lens       summilux-m-35-1.4-asph-fle, Summilux-M 35 f/1.4 ASPH FLE" in found.stdout
    assert "  because    --lens" in found.stdout
    assert "35 mm (the catalogue), f/2 (EXIF), infinity (--focus)" in found.stdout
    assert "24 x 24 mm, pixels of 375 µm (--sensor: 36 x 24 mm)" in found.stdout
    assert "  corrects   distortion: profile summilux-m-35-1.4-asph-fle: gyroflow/lens_profiles" in found.stdout


def test_the_command_corrects_what_develop_does(shoot) -> None:
    unsized = tenbit("a.dng", "--lens", "summilux 35 fle").stdout
    assert "  corrects   nothing" in unsized
    assert "(P1): the sensor's size is not known; give --sensor" in unsized
    small = tenbit("a.dng", "--lens", "summicron-m-35-2-asph", "--sensor", "1-inch").stdout
    assert "  corrects   lateral colour: profile summicron-m-35-2-asph" in small
    assert "are below its own misfit of 0.24 %" in small
    (record,) = json.loads(tenbit("a.dng", "--lens", "summicron-m-50-2-IV", "--json").stdout)
    assert record["slug"] == "summicron-m-50-2-IV"


def test_candidates_are_slugs_in_json_and_told_apart_for_people(shoot, monkeypatch) -> None:
    from tenbit.pipeline.lenses import matched

    monkeypatch.setattr(matched, "read", lambda path, **_: frame(dataclasses.replace(M9, lens_code=30)))
    (record,) = json.loads(tenbit("a.dng", "--json").stdout)
    assert record["candidates"] == ["summicron-m-35-2-asph", "summicron-m-35-2-asph-II"]
    assert "  could be   summicron-m-35-2-asph-II (2016-, order number 11673, 11674)" in tenbit("a.dng").stdout


def test_the_command_remembers_for_the_folder(shoot) -> None:
    found = tenbit("a.dng", "--lens", "summilux 35 fle", "--sensor", "1-inch", "--remember")
    assert found.stderr == "tenbit.yaml: remembered\n"
    assert (shoot / "tenbit.yaml").read_text("utf-8") == f"lens:\n  profile: {FLE}\n  sensor_mm: [9.83, 13.11]\n"
    (record,) = json.loads(tenbit("a.dng", "--json").stdout)
    assert (record["slug"], record["how"]) == (FLE, "tenbit.yaml:2:12")
    assert record["sensor"]["source"] == "tenbit.yaml:3:14: 13.11 x 9.83 mm"
    (record,) = json.loads(tenbit("a.dng", "--json", "--lens", "thambar").stdout)
    assert record["slug"] == "thambar-m-90-2.2"


def test_a_file_that_cannot_be_read_fails_alone(shoot) -> None:
    (shoot / "cut.dng").write_bytes((shoot / "a.dng").read_bytes()[:1000])
    found = tenbit("cut.dng", "a.dng")
    assert found.exit_code == 1
    assert found.stderr.startswith("cut.dng: ")
    assert found.stdout.startswith("a.dng\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--remember",), "--remember writes what --lens says, and there is none"),
        (("--lens", "lux 35 asph"), "--lens: 'lux 35 asph' could be summilux-m-35-1.4-asph ("),
        (("--sensor", "big"), "--sensor: 'big': "),
    ],
)
def test_the_command_refuses_what_cannot_be_meant(shoot, arguments, text) -> None:
    found = CliRunner().invoke(commands, ["lenses", "match", "a.dng", *arguments])
    assert found.exit_code != 0
    assert text in (found.output if found.exception is None else f"{found.output}{found.exception}")
    assert not (shoot / "tenbit.yaml").exists()


def test_real_files_say_what_they_know(shared_data) -> None:
    paths = [p for p in (shared_data / "raw").rglob("*") if p.is_file() and p.stat().st_size < 2_000_000]
    assert paths
    found = tenbit("--json", *map(str, paths))
    assert found.exit_code in (0, 1)
    for record in json.loads(found.stdout):
        assert record["slug"] is None
        assert record["how"] == "nothing names a lens" or "not in the catalogue" in record["how"]
