"""The page of quality, and how photographs are scored for it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "quality.md"


def test_the_tables_of_the_page_are_those_that_were_measured(module):
    found = json.loads((ROOT / "benchmarks" / "results" / "quality.json").read_text("utf-8"))
    page = PAGE.read_text("utf-8")
    assert module("quality_page").filled(page, found) == page, "run: python benchmarks/quality.py page"


def test_every_picture_and_link_of_the_page_is_there():
    targets = re.findall(r"\]\(([^)]+)\)", PAGE.read_text("utf-8"))
    assert len(targets) > 5
    assert [target for target in targets if not (PAGE.parent / target).exists()] == []


def test_a_page_without_a_marker_is_refused(module):
    with pytest.raises(ValueError, match=r"^docs/quality.md has no marker truth$"):
        module("quality_page").filled("# Quality\n", {"truth": {"psnr_db": {"RGGB `fast`": {"100": [30.0, 31.0]}}}})


def test_the_border_does_not_count(module):
    photographs = module("photographs")
    truth, out = np.full((24, 24, 3), 0.5), np.full((24, 24, 3), 0.5)
    out[:10] = 0.0
    out[10:-10, 10:-10] += 0.01
    assert photographs.cpsnr(truth, out) == pytest.approx(40.0)


@pytest.mark.parametrize("cfa", ["RGGB", "QRGGB"])
def test_code_values_are_sampled_as_they_are(module, cfa):
    photographs = module("photographs")
    code = np.random.default_rng(1).random((10, 14, 3))
    mosaic, truth = photographs.sampled(code, cfa, photographs.SETTINGS[0], seed=1)
    side = 2 if cfa == "QRGGB" else 1
    for row, col, colour in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2), (2, 3, 1)):
        assert mosaic[row * side, col * side] == np.float32(code[row * side, col * side, colour])
    assert truth is code


def test_noise_is_that_of_the_sensitivity(module):
    photographs = module("photographs")
    setting = photographs.SETTINGS[2]
    code = np.full((400, 400, 3), photographs.encoded(np.array(0.4)))
    mosaic, truth = photographs.sampled(code, "RGGB", setting, seed=3)
    assert np.allclose(truth, code)
    for colour, (row, col) in enumerate(((0, 0), (0, 1), (1, 1))):
        gain, sites = photographs.GAINS[colour], mosaic[row::2, col::2]
        scale, offset = photographs.NOISE[setting.iso]
        # 40 000 sites: a mean to 0.5 %, a spread to 2 %
        assert sites.mean() == pytest.approx(0.4, rel=5e-3)
        assert sites.std() == pytest.approx(gain * np.sqrt(scale * 0.4 / gain + offset), rel=0.02)
