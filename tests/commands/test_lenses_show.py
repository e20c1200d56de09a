"""``tenbit lenses`` and ``tenbit lenses show``, and the page that shows them."""

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses import catalogue, draw, show
from tenbit.pipeline.lenses.best import Settings
from tenbit.pipeline.lenses.sensors import SENSORS, sensor_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lenses.md"
FLE = "summilux-m-35-1.4-asph-fle"


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """An empty folder of the user's profiles."""
    folder = tmp_path / "lenses"
    folder.mkdir()
    monkeypatch.setenv("TENBIT_LENSES", str(folder))
    return folder


def run(*arguments, code=0):
    found = CliRunner().invoke(commands, ["lenses", *arguments], catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found


def listed(*arguments):
    return [entry["slug"] for entry in json.loads(run(*arguments, "--json").stdout)]


def test_the_page_has_not_drifted():
    page = PAGE.read_text(encoding="utf-8")
    assert run("--markdown").stdout in page, "docs/lenses.md: put in what `tenbit lenses --markdown` says"
    shown = [part.split("```")[0] for part in page.split("```text\n")[1:] if part.startswith("$ tenbit lenses")]
    mine = [text for text in shown if text.startswith(("$ tenbit lenses --", "$ tenbit lenses show"))]
    assert len(mine) == 2
    for text in mine:
        command, _, said = text.partition("\n")
        assert run(*shlex.split(command)[3:]).stdout == said, f"docs/lenses.md: {command}"


def test_the_whole_list():
    lines = run().stdout.splitlines()
    assert len(lines) == 2 + 95 + 1 and lines[-1] == "95 lenses"
    assert lines[0].split() == ["slug", "name", "f/", "code", "distortion", "lateral", "fall-off", "shading", "best"]
    (line,) = [line for line in lines if line.split()[0] == FLE]
    assert line.split()[-7:] == ["1.4", "29/2", "P1", "-", "-", "-", "P1"]
    (line,) = [line for line in lines if line.split()[0] == "tri-elmar-m-28-35-50-asph"]
    assert "42/1 42/2 42/3" in line


def test_filters():
    assert set(listed("--focal", "35", "--faster", "1.4")) <= set(listed("--focal", "28-35"))
    assert len(listed("--focal", "35", "--faster", "1.4")) == 8
    assert "tri-elmar-m-28-35-50-asph" in listed("--focal", "35") and FLE not in listed("--focal", "36-50")
    assert listed("--speed", "0.95") == ["noctilux-m-50-0.95-asph"]
    assert listed("--focal", "15 mm") == ["hologon-15-8"]
    assert set(listed("--provenance", "p2")) == {"elmar-m-24-3.8-asph", "summaron-m-28-5.6"}
    nothing = run("--focal", "40", "--faster", "1")
    assert (nothing.stdout, nothing.stderr) == ("", "no lens is like that\n")
    assert listed("--focal", "40", "--faster", "1") == []


def test_wrong_filters():
    assert "'wide' is no focal length, such as 35 or 28-35" in run("--focal", "wide", code=2).stderr
    assert "options of the list belong to no show" in run("--focal", "35", "show", FLE, code=2).stderr


def test_the_list_as_json():
    found = json.loads(run("--json").stdout)
    assert len(found) == 95
    (entry,) = [entry for entry in found if entry["slug"] == FLE]
    assert entry["name"] == "Summilux-M 35 f/1.4 ASPH FLE" and entry["provenance"] == "P1"
    assert (entry["focal_mm"], entry["max_aperture"], entry["design"]) == ([35.0], 1.4, FLE)
    assert entry["codes"] == [{"code": 29, "frame_selector": 2, "focal_mm": None, "note": None}]
    assert entry["defects"]["distortion"] == "P1" and entry["source"] and entry["order_numbers"] == ["11663", "11675"]


def test_a_broken_profile_of_the_user_is_a_line_and_the_list_is_whole(own):
    (own / "bad.yaml").write_text("name: x\nmeasurements: []\nhello: 1\n")
    found = run()
    assert found.stdout.endswith("95 lenses\n")
    assert found.stderr.count("\n") == 1 and "bad.yaml:2" in found.stderr and "hello" in found.stderr


def test_a_lens_in_full(own):
    text = run("show", "Summilux 35 FLE", "--sensor", "1-inch").stdout
    assert "29 with frame selector 2 (24/35)" in text and "corner 8.19 mm" in text
    assert "not applied because" in text and "fits worse than that" in text
    # -0.40 % at 7.93 mm is what was measured.
    assert "-0.42 %" in text and "summilux-m-35-1.4-asph-fle, 1-inch: distortion (%)" in text
    assert "fall-off (EV)" not in text
    wide = run("show", FLE, "--sensor", "48x36").stdout
    assert "b P1 beyond 20.42 mm" in wide


def test_fall_off_is_told_at_an_aperture():
    assert "give --f-number" in run("show", "summilux-m-28-1.4-asph").stdout
    text = run("show", "summilux-m-28-1.4-asph", "--f-number", "1.4", "--pixel-um", "3.7").stdout
    assert "-3.21 EV" in text and "(+2.8 px)" in text and "give --f-number" not in text


def test_a_lens_as_json(tmp_path):
    found = json.loads(run("show", "summicron-m-50-2-V", "--json", "--plot", str(tmp_path / "a.svg")).stdout)
    assert found["slug"] == "summicron-m-50-2-V" and found["sensor"]["corner_mm"] == 21.633
    assert [Path(profile["file"]).parent.name for profile in found["profiles"]] == ["designs", "lensfun"]
    assert found["profiles"][0]["measurements"][0]["distortion"][0]["focus_m"] == "infinity"
    assert found["applied"][0]["how known"] == "P1" and found["withheld"][0]["applied"] is False
    assert (tmp_path / "a.svg").read_text().count("<svg") == 1


def test_what_cannot_be_shown(tmp_path):
    assert "'noctilx 999': no such lens" in run("show", "noctilx 999", code=2).stderr
    plot = tmp_path / "a.png"
    unknown = run("show", "thambar-m-90-2.2", "--plot", str(plot), code=2).stderr
    assert "--plot: nothing is known of thambar-m-90-2.2 that could be drawn" in unknown and not plot.exists()
    assert "tenbit calibrate measures a lens" in run("show", "thambar-m-90-2.2").stdout
    assert "sensor 'huge': 36x24, aps-c, 1-inch, or width" in run("show", FLE, "--sensor", "huge", code=2).stderr


def test_sensors():
    assert {name: round(sensor.corner_mm, 2) for name, sensor in SENSORS.items()} == {
        "36x24": 21.63,
        "aps-c": 14.17,
        "1-inch": 8.19,
    }
    assert (sensor_of("17.3 x 13 mm").height_mm, sensor_of("17.3x13", 3.3).pixel_um) == (13.0, 3.3)
    for wrong in ("0x0", "36", "36x24x2", "500x500"):
        with pytest.raises(RequestError, match="width x height in mm"):
            sensor_of(wrong)


@pytest.mark.parametrize("entry", catalogue.entries(), ids=lambda entry: entry.slug)
def test_every_lens_can_be_shown(entry):
    panels = draw.panels(entry.slug, SENSORS["36x24"], Settings(35.0))
    assert [bool(panel.curves) for panel in panels] == [
        any(getattr(m, kind) or any(quantity == limit.quantity for limit in m.limits) for m in measured(entry.slug))
        for kind, quantity in (
            ("distortion", "distortion_max_pct"),
            ("lateral_colour", ""),
            ("vignetting", "corner_ev"),
        )
    ]
    assert json.dumps(show.record(entry.slug, SENSORS["1-inch"], Settings()), allow_nan=False)


def measured(slug):
    return [m for _, profile in catalogue.profiles_for(slug) for m in profile.measurements]
