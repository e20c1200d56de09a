"""``tenbit scopes``: lines and tables, raw files and developed pictures, and files that fail."""

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from tenbit.cli import commands
from tenbit.pipeline import scopes
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.images import write


@pytest.fixture
def run(here):
    def call(*arguments, code=0):
        result = CliRunner().invoke(commands, ["scopes", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def picture(here):
    """A quarter of it at full scale, a quarter at zero."""
    samples = np.full((48, 64, 3), 128, np.uint8)
    samples[:24, :32], samples[:24, 32:] = 255, 0
    told = Exif(model="M11", lens_model="Summilux-M 35", iso=400, taken="2024:05:06 07:08:09")
    write(here / "b.png", samples, space="srgb", state="display", exif=told)
    return here / "b.png"


def test_a_developed_picture_is_measured_as_it_is(run, picture):
    (line,) = run(picture, "-m", "histogram", "-m", "zebra").stdout.splitlines()
    found = json.loads(line)
    assert (found["status"], found["kind"], found["chain"], found["rows"], found["cols"]) == (
        "done", "picture", None, 48, 64,
    )  # fmt: skip
    assert found["exif"] == {"camera": "M11", "lens": "Summilux-M 35", "taken": "2024:05:06 07:08:09", "iso": 400}
    assert found["results"]["histogram"]["clipped"]["red"] == 0.25
    assert found["results"]["histogram"]["crushed"]["luma"] == 0.25
    counts = found["results"]["histogram"]["counts"]["green"]
    assert (counts[0], counts[128], counts[255], sum(counts)) == (768, 1536, 768, 3072)
    assert found["results"]["zebra"]["high"] == 0.25
    assert list(found["results"]) == ["zebra", "histogram"]


def test_bad_files_have_records_and_the_others_are_done(run, picture, here):
    (here / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF")
    result = run("none.dng", "cut.jpg", picture, "-m", "zebra", "-m", "histogram", code=1)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["failed", "failed", "done"]
    assert lines[0]["error"] == "no such file"
    assert "cut off" in lines[1]["error"]
    told = result.stderr.splitlines()
    assert "none.dng: no such file" in told
    assert any(line.startswith("cut.jpg: the JPEG is cut off") for line in told)


def test_raw_files_are_measured_before_and_behind_the_chain(run, raw, picture, here):
    """The samples themselves, by numpy: what is at white."""
    from tenbit.pipeline.raw import read

    (here / "small.yaml").write_text((here / "small.yaml").read_text() + "")
    run(raw, picture, "-c", "small.yaml", "-m", "histogram", "-m", "exposure_advice", "-o", "out.csv")
    with (here / "out.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    samples = read(raw).samples
    facts = read(raw).facts
    assert facts.cfa.name == "RGGB"
    clipped = (samples[::2, ::2] >= facts.white[0]).mean()
    assert float(rows[0]["exposure_advice.clipped.R"]) == pytest.approx(clipped)
    assert float(rows[0]["raw_histogram.clipped.R"]) == pytest.approx(clipped)
    assert (rows[0]["kind"], rows[0]["chain"], rows[1]["kind"]) == ("raw", "small", "picture")
    assert rows[0]["histogram.pixels"] == "4096"
    # A picture has no samples: those columns stay empty, and stand in the same place.
    assert rows[1]["exposure_advice.clipped.R"] == ""
    assert list(rows[0])[: len(scopes.HEAD)] == list(scopes.HEAD)
    assert not any("counts" in name and name.startswith("histogram") for name in rows[0])


def test_a_chain_of_display_stages_is_for_pictures(run, picture, here):
    (here / "only.yaml").write_text("chain:\n  - zebra: {high: 0.4}\n")
    line = json.loads(run(picture, "-c", "only.yaml", "-m", "zebra").stdout)
    assert line["results"]["zebra"]["high"] == 0.75
    assert line["chain"] == "only"


def test_a_chain_for_raw_files_leaves_its_monitors_to_pictures(run, picture, here):
    (here / "more.yaml").write_text(
        (here / "small.yaml").read_text().replace("output", "  - zebra: {high: 0.4}\noutput")
    )
    assert json.loads(run(picture, "-c", "more.yaml", "-m", "zebra").stdout)["results"]["zebra"]["high"] == 0.75


def test_folders_give_raw_files_and_pictures(run, picture, here):
    folder = here / "in"
    folder.mkdir()
    picture.rename(folder / "b.png")
    Image.new("RGB", (8, 8)).save(folder / "a.jpg")
    (folder / "notes.txt").write_text("no picture")
    (here / "none").mkdir()
    assert "none: no raw file or picture in this folder" in run("none", code=2).stderr
    lines = run(folder, "-m", "histogram", "-m", "zebra").stdout.splitlines()
    assert [json.loads(line)["file"] for line in lines] == [str(folder / "a.jpg"), str(folder / "b.png")]


def test_a_name_that_is_no_utf8(run, picture, here):
    picture.rename(here / "\udcff.png")
    run(".", "-m", "zebra", "-o", "out.csv")
    assert "\n\\udcff.png,done," in (here / "out.csv").read_text()


def test_an_output_that_exists_stays(run, picture, here):
    (here / "out.csv").write_text("mine")
    assert "--overwrite" in run(picture, "-o", "out.csv", code=2).stderr
    assert (here / "out.csv").read_text() == "mine"


def test_a_monitor_that_is_none(run, picture):
    assert "--monitor zebar: measures nothing; did you mean 'zebra'?" in run(picture, "-m", "zebar", code=2).stderr


def test_flat_records():
    record = {
        "file": "a",
        "exif": {"iso": 100},
        "results": {"spot": [{"ev": -1.0}], "x": {"long": [1] * 9, "two": [1, 2]}},
    }
    assert scopes.flat(record) == {"file": "a", "iso": 100, "spot.0.ev": -1.0, "x.two.0": 1, "x.two.1": 2}


def test_columns_of_what_made_a_picture_are_always_there():
    made = {"source": "a.dng", "chain": "fast"}
    head = [next(csv.reader(io.StringIO(scopes.table([{"file": "a", "developed": one}])))) for one in (made, None)]
    assert head[0] == head[1]
    assert head[0][-2:] == ["developed.source", "developed.chain"]


def test_columns_do_not_depend_on_the_order_of_files():
    one = {"file": "a", "results": {"raw_zebra": {"any": 0.0}, "zebra": {"high": 0.1, "low": 0.2}}}
    other = {"file": "b", "results": {"histogram": {"pixels": 1}, "zebra": {"high": 0.1, "low": 0.2}}}
    head = [next(csv.reader(io.StringIO(scopes.table(pair)))) for pair in ((one, other), (other, one))]
    assert head[0] == head[1]
    assert head[0].index("raw_zebra.any") < head[0].index("zebra.high") < head[0].index("histogram.pixels")


def test_numbers_that_json_cannot_say():
    assert scopes.plain({"ev": float("-inf"), "parts": [float("nan"), np.float32(0.5)]}) == {
        "ev": None,
        "parts": [None, 0.5],
    }


def test_what_libraw_must_decode_is_read_in_a_process_of_its_own(run, picture, here, monkeypatch):
    from tenbit.pipeline.isolated.pool import Readers

    def elsewhere(self, path, **_):
        raise ReadError("the process that read it was killed by SIGSEGV")

    monkeypatch.setattr(Readers, "read", elsewhere)
    (here / "c.nef").write_bytes(bytes(range(256)))
    lines = [json.loads(line) for line in run("c.nef", picture, "-m", "zebra", code=1).stdout.splitlines()]
    assert [line["status"] for line in lines] == ["failed", "done"]
    assert lines[0]["error"] == "the process that read it was killed by SIGSEGV"
