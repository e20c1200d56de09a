"""Profiles against Little CMS: its own sRGB, its own arithmetic from primaries, and the standards' numbers."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from tenbit.kernels._spaces import SPACES
from tenbit.pipeline.images import write
from tenbit.pipeline.images.icc import icc_profile

COLOURED = [space for space in SPACES if space != "camera"]
PATCHES = np.random.default_rng(3).integers(0, 256, (16, 16, 3)).astype(np.uint8)


def opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def by_lcms(samples, source: bytes, target: bytes, dtype=np.uint16):
    """Relative colorimetric, without optimised tables."""
    return imagecodecs.cms_transform(
        samples, source, target, colorspace="rgb", outcolorspace="rgb", outdtype=dtype, intent=1, flags=0x0040
    )


def srgb_curve_to_linear(encoded):
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def test_srgb_equals_littlecms_own_srgb():
    builtin = ImageCms.createProfile("sRGB")
    image = Image.fromarray(PATCHES)
    ours = opened(icc_profile("srgb", "display"))
    for source, target in ((ours, builtin), (builtin, ours)):
        moved = ImageCms.profileToProfile(image, source, target, renderingIntent=1)
        assert np.abs(np.asarray(moved, int) - PATCHES).max() <= 1  # its transform tables round at 8 bits


@pytest.mark.parametrize(
    ("space", "primaries"),
    [
        ("srgb", (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)),
        ("display-p3", (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)),
        ("rec2020", (0.708, 0.292, 0.17, 0.797, 0.131, 0.046)),
    ],
)
def test_primaries_equal_what_littlecms_computes_from_chromaticities(space, primaries):
    theirs = opened(imagecodecs.cms_profile("rgb", whitepoint=[0.3127, 0.3290, 1.0], primaries=primaries, gamma=1.0))
    ours = opened(icc_profile(space, "linear"))
    for name in ("red_primary", "green_primary", "blue_primary"):
        # one unit of ICC's fixed point is 1/65536; Little CMS rounds its D50 otherwise
        np.testing.assert_allclose(getattr(ours.profile, name)[0], getattr(theirs.profile, name)[0], atol=5e-5)


@pytest.mark.parametrize("space", COLOURED)
@pytest.mark.parametrize("state", ["display", "linear"])
def test_greys_stay_grey_and_white_stays_white(space, state):
    greys = np.repeat(np.arange(0, 65536, 257, dtype=np.uint16)[None, :, None], 3, axis=2)
    moved = by_lcms(greys, icc_profile(space, state), icc_profile("srgb", "linear")).astype(int)
    assert np.ptp(moved, axis=2).max() <= 2  # of 65535: rounding
    assert moved[0, -1].min() >= 65534
    assert moved[0, 0].max() == 0


def test_srgb_curve_at_16_bits():
    codes = np.arange(0, 65536, 51, dtype=np.uint16)
    greys = np.repeat(codes[None, :, None], 3, axis=2)
    moved = by_lcms(greys, icc_profile("srgb", "display"), icc_profile("srgb", "linear"))[0, :, 1]
    np.testing.assert_allclose(moved, srgb_curve_to_linear(codes / 65535) * 65535, atol=1.5)  # fixed-point parameters


def test_rec2020_curve_at_16_bits():
    light = np.linspace(0, 1, 200)
    # The transfer function of BT.2020 as the standard writes it, from light to code.
    encoded = np.where(light < 0.018053968510807, 4.5 * light, 1.09929682680944 * light**0.45 - 0.09929682680944)
    codes = np.repeat(np.rint(encoded * 65535).astype(np.uint16)[None, :, None], 3, axis=2)
    moved = by_lcms(codes, icc_profile("rec2020", "display"), icc_profile("rec2020", "linear"))[0, :, 1]
    np.testing.assert_allclose(moved, light * 65535, atol=4)


def test_a_display_p3_red_in_srgb_is_what_css_color_4_says():
    red = np.array([[[65535, 0, 0]]], np.uint16)
    back = by_lcms(
        np.array([[[65535, 0, 0]]], np.uint16), icc_profile("srgb", "display"), icc_profile("display-p3", "display")
    )
    # CSS Color 4: color(srgb 1 0 0) is color(display-p3 0.91749 0.20029 0.13856)
    np.testing.assert_allclose(back[0, 0] / 65535, (0.91749, 0.20029, 0.13856), atol=3e-4)
    assert by_lcms(red, icc_profile("display-p3", "display"), icc_profile("display-p3", "display"))[0, 0, 0] == 65535


@pytest.mark.parametrize(
    ("space", "state", "name"),
    [
        ("srgb", "display", "sRGB"),
        ("srgb", "linear", "sRGB linear"),
        ("srgb-linear", "linear", "sRGB linear"),
        ("display-p3", "display", "Display P3"),
        ("rec2020", "display", "Rec. 2020"),
        ("rec2020-linear", "linear", "Rec. 2020 linear"),
    ],
)
def test_the_description_names_the_space(space, state, name):
    assert ImageCms.getProfileDescription(opened(icc_profile(space, state))).strip() == name


@pytest.mark.parametrize("space", COLOURED)
def test_profiles_are_small_and_sound(space):
    profile = icc_profile(space, "display")
    imagecodecs.cms_profile_validate(profile)
    assert struct.unpack(">I", profile[:4])[0] == len(profile) < 700
    assert len(profile) % 4 == 0


def test_camera_has_no_profile():
    assert icc_profile("camera", "linear") is None


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_the_profile_is_embedded(tmp_path, name):
    write(tmp_path / name, PATCHES, space="display-p3", state="display")
    with Image.open(tmp_path / name) as image:
        assert image.info["icc_profile"] == icc_profile("display-p3", "display")


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_the_camera_space_and_single_planes_carry_no_profile(tmp_path, name):
    for samples, space in ((PATCHES, "camera"), (PATCHES[..., 0], "srgb")):
        write(tmp_path / name, samples, space=space, state="display")
        with Image.open(tmp_path / name) as image:
            assert "icc_profile" not in image.info
