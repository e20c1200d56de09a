"""``tenbit contact``: the file, what is on it, and files that fail."""

import base64
import io
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from tenbit.cli import commands
from tenbit.pipeline.images import write


@pytest.fixture
def run(here):
    def call(*arguments, code=0):
        result = CliRunner().invoke(commands, ["contact", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result

    return call


def read(path):
    """The data of a page: frames, and each one's own block."""
    found = dict(re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', path.read_text("utf-8")))
    blocks = {name: json.loads(text) for name, text in found.items()}
    return blocks.pop("frames")["frames"], blocks


def decoded(url):
    kind, _, content = url.partition(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_pictures_and_files_that_fail(run, here):
    samples = np.full((96, 128, 3), 90, np.uint8)
    samples[:, :64] = 255
    write(here / "<b>.png", samples, space="display-p3", state="display", orientation=6)
    result = run("<b>.png", "none.jpg", "-m", "histogram", "-m", "zebra", "--thumb", "120", "-o", "s.html", code=1)
    assert result.stdout.startswith("s.html  2 frames, ")
    assert "none.jpg: no such file" in result.stderr
    frames, blocks = read(here / "s.html")
    assert [frame["name"] for frame in frames] == ["<b>.png", "none.jpg"]
    assert frames[1]["error"] == "no such file"
    assert frames[0]["clipped"] == 0.5
    assert frames[0]["focus"] is None
    tile = blocks["p0"]
    thumb = decoded(tile["thumb"])
    assert thumb.shape == (120, 90, 3)  # upright: what was at the left is at the top
    assert (thumb[:50] > 240).all()
    assert (abs(thumb[70:].astype(int) - 90) < 8).all()
    zebra = decoded(tile["marks"]["zebra"])
    assert zebra.shape == (60, 45, 4)
    assert 0.2 < (zebra[:28, :, 3] > 0).mean() < 0.8  # stripes
    assert not zebra[32:, :, 3].any()
    assert list(tile["panels"]) == ["histogram"]
    assert decoded(tile["panels"]["histogram"]).std() > 5
    assert tile["numbers"]["histogram.clipped.red"] == 0.5
    assert blocks["p1"] == {}


def test_a_raw_file(run, raw, here):
    run(raw, "-c", "small.yaml", "-m", "histogram", "-m", "exposure_advice", "-o", "s.html")
    frames, blocks = read(here / "s.html")
    assert frames[0]["ettr"] == blocks["p0"]["numbers"]["exposure_advice.suggested_ev"]
    assert decoded(blocks["p0"]["thumb"]).shape == (64, 64, 3)


def test_a_chain_without_tone_is_refused(run, raw, here):
    (here / "short.yaml").write_text("chain:\n  - black_level\n")
    result = run(raw, "-c", "short.yaml", "-m", "histogram", "-o", "s.html", code=1)
    assert "the chain ends in a mosaic frame; a contact sheet shows pictures: add tone" in result.stderr


def test_a_sheet_that_exists_stays(run, raw, here):
    (here / "sheet.html").write_text("mine")
    assert "--overwrite" in run(raw, code=2).stderr
    assert (here / "sheet.html").read_text() == "mine"
