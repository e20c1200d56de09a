"""False colour against numpy's comparisons of the whole frame, and patches worked by hand."""

import itertools

import numpy as np
import pytest

from tenbit.kernels._draw import COLOURS
from tenbit.kernels.errors import StageError
from tenbit.kernels.false_colour import scales

LUMA = np.array([0.2126, 0.7152, 0.0722])
BANDS = ((10.0, 20.0, "blue"), (20.0, 30.0, "cyan"), (50.0, 60.0, "#ff8000"))
NO_LEGEND = {"to": "none"}


def grey(values):
    return np.asarray(values, np.float64)[None, :, None] * np.ones((1, 1, 3))


def painted(names, bands):
    """Colours of a row of patches by the names of their bands."""
    known = {band.name: band.colour for band in bands}
    return [None if name is None else np.array(known[name]) for name in names]


# The names of the reference's numbers: ARRI in percent, RED in IRE, every edge from both sides.
ARRI = [
    (0.0, "purple"), (2.4, "purple"), (2.6, "blue"), (3.9, "blue"), (4.1, None), (37.9, None), (38.1, "green"),
    (41.9, "green"), (42.1, None), (52.1, "pink"), (55.9, "pink"), (56.1, None), (96.9, None), (97.1, "yellow"),
    (98.9, "yellow"), (99.1, "red"), (100.0, "red"),
]  # fmt: skip
RED = [
    (0, "purple"), (4, "purple"), (5, "blue"), (6, None), (9, None), (10, "teal"), (12, "teal"), (13, None),
    (40, None), (41, "green"), (48, "green"), (49, None), (60, None), (61, "pink"), (70, "pink"), (71, None),
    (91, None), (92, "straw"), (93, "straw"), (94, "yellow"), (95, "yellow"), (96, "orange"), (98, "orange"),
    (99, "red"), (100, "red"),
]  # fmt: skip


@pytest.mark.parametrize(("scale", "patches", "bands"), [("arri", ARRI, scales.ARRI), ("red", RED, scales.RED)])
@pytest.mark.parametrize("levels", ["percent", "ire"])
def test_patches_by_hand(develop, planes, scale, patches, bands, levels):
    """What is in no band stays as grey as it was. Of a legal range 50 IRE is code 502 of 1023."""
    part = np.array([value for value, _ in patches]) / 100
    signal = part if levels == "percent" else (64 + 876 * part) / 1023
    frame = planes(grey(signal), state="display", space="srgb")
    out = develop(frame, ("false_colour", {"scale": scale, "levels": levels, **NO_LEGEND}))
    names = [name for _, name in patches]
    found = out.results["false_colour"]
    assert found["scale"] == scale
    assert found["bands"] == {band.name: names.count(band.name) / len(names) for band in bands}
    assert found["none"] == pytest.approx(names.count(None) / len(names))
    for colour, value, pixel in zip(painted(names, bands), signal, out.samples[0], strict=True):
        np.testing.assert_allclose(pixel, value if colour is None else colour, atol=0.003)


def test_custom_bands_of_random_colours(develop, planes):
    samples = np.random.default_rng(1).random((9, 14, 3))
    value = samples @ LUMA
    chain = {"scale": "custom", "custom": BANDS[::-1], "opacity": 0.5, **NO_LEGEND}
    out = develop(planes(samples, state="display", space="srgb"), ("false_colour", chain))
    expected = np.repeat(value[..., None], 3, axis=-1)
    shares = {}
    for low, high, name in BANDS:
        inside = (value >= low / 100) & (value < high / 100)
        shares[f"{low:g}..{high:g}"] = inside.mean()
        expected[inside] = COLOURS.get(name, (1.0, 128 / 255, 0.0))
    assert out.results["false_colour"]["bands"] == shares
    np.testing.assert_allclose(out.samples, 0.5 * samples + 0.5 * expected, atol=0.003)


def test_custom_bands_go_on_beyond_black_and_white(develop, planes):
    """What is stored as the first or the last code value is in the band that begins, or ends, there."""
    bands = ((50.0, 100.0, "red"), (0.0, 30.0, "blue"))
    frame = planes(grey([-0.25, 0.0, 0.25, 0.4, 1.0, 1.5]), state="display", space="srgb")
    found = develop(frame, ("false_colour", {"scale": "custom", "custom": bands, **NO_LEGEND})).results["false_colour"]
    assert found == {"scale": "custom", "bands": {"0..30": 3 / 6, "50..100": 2 / 6}, "none": 1 / 6}


TURNED = [("tone", {"curve": "linear"}), ("orient", {"degrees": 180})]


def test_stops_of_scene_light(develop, planes):
    """A patch per half stop: 0.18 is 0, twice of it +1, a band reaches half a stop to either side."""
    ev = np.arange(-7.25, 7.5, 0.5)
    frame = planes(grey(0.18 * 2.0**ev), state="linear")
    out = develop(frame, ("false_colour", {"scale": "stops", **NO_LEGEND}), *TURNED)
    stops = np.clip(np.rint(ev), -6, 6).astype(int)
    names = ["0" if n == 0 else f"{n:+d}" for n in stops]
    found = out.results["false_colour_light"]
    assert found["none"] == 0
    assert found["bands"] == {band.name: names.count(band.name) / len(names) for band in scales.stops()}
    np.testing.assert_allclose(out.samples[0, ::-1], np.array(painted(names, scales.stops())), atol=1e-6)


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(3).random((8, 9, 3)), state="linear", space="srgb")
    chain = ("false_colour", {"scale": "stops", "opacity": 0.0})
    there, here = develop(frame, chain), plain(frame, chain)
    assert there.results == here.results
    np.testing.assert_array_equal(there.samples, frame.samples)


def test_without_opacity_the_picture_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(4).random((5, 7, 3)).astype(np.float32)
    out = develop(planes(samples, state="display", space="srgb"), ("false_colour", {"opacity": 0.0}))
    assert out.samples.tobytes() == samples.tobytes()
    assert sum(out.results["false_colour"]["bands"].values()) > 0


host = pytest.mark.parametrize("target", ["cpu"], indirect=True)


@host
def test_light_is_drawn_where_it_came_to(develop, planes):
    """Left half two stops over grey, right half two under; turned, and grey where there is none."""
    samples = np.full((40, 60, 3), 0.18 * 4) * np.array([1.2, 0.95, 0.9])
    samples[:, 30:] = 0.18 / 4
    samples[20:] = 0.18
    samples *= np.ones(3)
    custom = {"scale": "custom", "custom": ((1.5, 2.5, "red"), (-2.5, -1.5, "blue")), **NO_LEGEND}
    out = develop(planes(samples, state="linear"), ("false_colour", custom), *TURNED).samples
    expected = np.zeros((40, 60), int)
    expected[20:, 30:], expected[20:, :30] = 1, 2
    np.testing.assert_array_equal((np.abs(out - COLOURS["red"]) < 1e-5).all(axis=-1), expected == 1)
    np.testing.assert_array_equal((np.abs(out - COLOURS["blue"]) < 1e-5).all(axis=-1), expected == 2)
    rest = out[expected == 0]
    np.testing.assert_allclose(rest, np.broadcast_to(rest[0, :1], rest.shape), atol=1e-5)


@host
def test_the_legend_shows_each_colour(develop, planes):
    frame = planes(np.full((540, 720, 3), 0.3), state="display", space="srgb")
    plain = develop(frame, ("false_colour", NO_LEGEND), bits=8).samples
    out = develop(frame, ("false_colour", {"position": "top-right"}), bits=8).samples
    changed = np.argwhere((out != plain).any(axis=-1))
    assert changed[:, 0].max() < 270 and changed[:, 1].min() > 540
    found = {tuple(pixel) for pixel in out[:270, 540:].reshape(-1, 3).tolist()}
    for band in scales.ARRI:
        wanted = 255 * np.array(band.colour)
        assert any(np.abs(wanted - pixel).max() <= 1 for pixel in found), band.name


def test_scales_of_no_gap_and_no_overlap():
    for bands in (scales.ARRI, scales.RED, scales.stops()):
        for one, other in itertools.pairwise(bands):
            assert one.low < one.high <= other.low
        assert len(scales.edges_of(bands)) <= scales.EDGES + 1
    # Eight bands apart from each other need all the edges there are.
    apart = scales.custom([(10.0 * n, 10.0 * n + 5, "red") for n in range(8)], is_light=True)
    assert len(scales.edges_of(apart)) == scales.EDGES + 1


@pytest.mark.parametrize(
    ("state", "options", "text"),
    [
        ("linear", {"scale": "arri"}, "the scale arri is of the signal; put it behind tone, or use stops"),
        ("linear", {"scale": "red"}, "the scale red is of the signal"),
        ("display", {"scale": "stops"}, "stops are of scene light, which is bent by a curve here; put it right before"),
        ("display", {"scale": "custom"}, r"custom has 0 bands; 1 to 8 \[low, high, colour\] are allowed"),
        ("display", {"custom": BANDS}, "custom bands are given, but the scale is arri; use scale: custom"),
        ("display", {"scale": "custom", "custom": ((5.0, 5.0, "red"),)}, "band 5 … 5 ends before it begins"),
        (
            "display",
            {"scale": "custom", "custom": ((5.0, 9.0, "red"), (8.0, 12.0, "red"))},
            "band 8 … 12 begins inside the one before it",
        ),
        ("display", {"scale": "custom", "custom": ((5.0, 9.0, "rde"),)}, r"false_colour.custom: 'rde' is no colour"),
    ],
)
def test_faults(planes, develop, state, options, text):
    with pytest.raises(StageError, match=text):
        develop(planes(np.zeros((4, 4, 3)), state=state, space="srgb"), ("false_colour", options))


@host
def test_of_a_large_picture_some_rows_are_counted(develop, planes):
    """768 rows: every second one, from the first."""
    samples = np.full((768, 8, 3), 0.4)
    samples[1::2] = 0.0
    samples[:192] = 1.0
    found = develop(planes(samples, state="display", space="srgb"), ("false_colour", {"opacity": 0.0}))
    bands = found.results["false_colour"]["bands"]
    assert (bands["red"], bands["green"], bands["purple"]) == (0.25, 0.75, 0)
