"""How near pictures are to a truth: worked by hand, and against figures that others have published."""

from __future__ import annotations

import numpy as np
import pytest

from tenbit.kernels._spaces import encode
from tenbit.pipeline import config
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile.experiment import quality

pytest.importorskip("skimage")


@pytest.fixture
def truth() -> quality.Light:
    return np.random.default_rng(1).random((64, 72, 3), np.float32)


def test_psnr_is_of_light_and_of_code_values(truth: quality.Light) -> None:
    out = truth * np.float32(0.9) + np.float32(0.05)
    linear, code = quality.psnr(out, truth)
    within = np.s_[16:-16, 16:-16]
    assert linear == pytest.approx(10 * np.log10(1 / np.mean((out - truth)[within].astype(float) ** 2)))
    errors = (encode("srgb", out) - encode("srgb", truth))[within]
    assert code == pytest.approx(10 * np.log10(1 / np.mean(errors**2)))


def test_the_border_and_what_is_out_of_range_do_not_count(truth: quality.Light) -> None:
    out = np.full_like(truth, 7)
    out[16:-16, 16:-16] = truth[16:-16, 16:-16]
    out[20, 20], truth[20, 20] = 3.0, 1.0
    found = quality.measured(out, truth)
    assert (found.psnr_db, found.ssim, found.delta_e, found.delta_e_95) == (np.inf, 1.0, 0.0, 0.0)


def test_a_binned_picture_is_held_against_the_mean_of_each_block(truth: quality.Light) -> None:
    large = truth.repeat(2, axis=0).repeat(2, axis=1)
    large[::2] += np.float32(0.1)
    large[1::2] -= np.float32(0.1)
    assert quality.psnr(truth, large)[0] > 100
    with pytest.raises(RequestError, match=r"^a picture of 64 x 72 cannot be held against a truth of "):
        quality.inside(truth, truth[:-8])


def test_colour_differences_are_those_of_ciede2000() -> None:
    """A pair of Sharma, Wu and Dalal (2005), as sRGB: L* 50, a* 2.5, b* 0 to L* 73, a* 25, b* -18: 27.1492."""
    from skimage.color import lab2rgb

    light = []
    for lab in (50.0, 2.5, 0.0), (73.0, 25.0, -18.0):
        code = lab2rgb(np.array(lab)[None, None])
        low = code <= 0.04045
        linear = np.where(low, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
        light.append(np.tile(linear.astype(np.float32), (64, 64, 1)))
    found = quality.measured(*light)
    assert found.delta_e == pytest.approx(27.1492, abs=2e-3) == found.delta_e_95


def test_chains_are_cut_off_behind_linear_srgb() -> None:
    chain = config.load(["black_level", "demosaic", "exposure", {"colour": {"space": "rec2020"}}, "tone", "orient"])
    links = quality.cut(chain)
    assert [link.stage.name for link in links] == ["black_level", "demosaic", "colour"]
    assert links[-1].parameters.space == "srgb"
    with pytest.raises(RequestError, match=r"^the chain list has no colour, which makes the linear sRGB of the truth$"):
        quality.cut(config.load(["black_level", "demosaic"]))


def test_what_is_missing_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "find_spec", lambda _: None)
    with pytest.raises(RequestError, match=r"^quality needs scikit-image: pip install 'tenbit\[profile\]'$"):
        quality.check_extra()
