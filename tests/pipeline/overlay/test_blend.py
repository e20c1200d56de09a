"""Paint on code values: each channel by itself, half up, the same over a large rectangle as over a small one."""

import numpy as np
import pytest

from tenbit.pipeline.overlay.blend import flat


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("side", [6, 320])
def test_one_colour_over_a_rectangle(dtype, side):
    peak = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    under = (np.random.default_rng(1).random((side, side, 3)) * peak).astype(dtype)
    colour, alpha = (0.04, 0.5, 0.9), 0.72
    expected = under * (1 - alpha) + np.array(colour) * peak * alpha
    drawn = under.copy()
    flat(drawn, colour, alpha)
    np.testing.assert_allclose(drawn, expected, atol=0.51 if peak > 1 else 1e-6)
    flat(drawn, colour, 0.0)
    np.testing.assert_allclose(drawn, expected, atol=0.51 if peak > 1 else 1e-6)
