"""Covers against shapes drawn very large by testing points, and areas by the shoelace formula."""

import numpy as np
import pytest

from tenbit.pipeline.overlay.coverage import line_cover, polygon_cover

FINE = 25  # points along each side of a pixel


def whole(points, rows, cols):
    """The cover of every pixel of a canvas."""
    found = np.zeros((rows, cols))
    top, left, cover = polygon_cover(np.array(points), rows, cols)
    found[top : top + cover.shape[0], left : left + cover.shape[1]] = cover
    return found


def by_points(points, rows, cols):
    """The share of a grid of points in each pixel that the polygon winds around: by crossings of a ray to the left."""
    row, col = ((np.arange(n * FINE) + 0.5) / FINE for n in (rows, cols))
    winding = np.zeros((rows * FINE, cols * FINE))
    for (r0, c0), (r1, c1) in zip(points, [*points[1:], points[0]], strict=True):
        if r0 == r1:
            continue
        crossed = (row >= min(r0, r1)) & (row < max(r0, r1))
        at = c0 + (row - r0) * (c1 - c0) / (r1 - r0)
        winding += np.where(crossed[:, None] & (at[:, None] <= col), 1 if r1 > r0 else -1, 0)
    inside = (winding != 0).astype(float)
    return inside.reshape(rows, FINE, cols, FINE).mean(axis=(1, 3))


@pytest.mark.parametrize(
    "points",
    [
        [(2.3, 1.1), (7.9, 3.0), (5.5, 9.7)],
        [(9.5, 0.5), (2.25, 0.5), (6.5, 3.5), (1.0, 6.0), (4.0, 8.75), (9.5, 11.5)],
        [(-3.0, -4.0), (-2.0, 15.0), (14.0, 6.5)],  # beyond all four edges
        [(1.0, 2.0), (1.0, 8.0), (6.0, 8.0), (6.0, 2.0)],
    ],
)
def test_polygons(points):
    found = whole(points, 10, 12)
    np.testing.assert_allclose(found, by_points(points, 10, 12), atol=0.05)
    np.testing.assert_allclose(whole(points[::-1], 10, 12), found, atol=1e-6)


def test_area_is_exact():
    points = np.random.default_rng(1).uniform(3, 27, (3, 2))
    (a, b, c) = points
    area = abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2
    assert whole(points, 30, 30).sum() == pytest.approx(area, rel=1e-5)


@pytest.mark.parametrize("points", [[], [(1, 1), (5, 5)], [(2, 2), (2, 8), (2, 5)], [(-9, -9), (-9, -1), (-1, -5)]])
def test_nothing_inside(points):
    assert whole(np.reshape(points, (-1, 2)), 10, 10).sum() == 0


def test_a_hand_worked_triangle():
    # Half of a square of two pixels: the diagonal halves two, one is whole, one is free.
    np.testing.assert_allclose(whole([(0, 0), (2, 0), (2, 2)], 2, 2), [[0.5, 0.0], [1.0, 0.5]])


@pytest.mark.parametrize("end", [(20.5, 33.0), (2.0, 30.0), (28.0, 7.5), (5.2, 3.4)])
@pytest.mark.parametrize("width", [1.0, 3.4])
def test_lines(end, width):
    """Their area is length times width, and every pixel's cover goes by its distance."""
    begin, end = np.array([4.2, 5.1]), np.array(end)
    rows, cols, cover = line_cover(np.array([begin, end]), width, 40, 40)
    along = end - begin
    length = float(np.hypot(*along))
    assert cover.sum() == pytest.approx(length * width + np.pi * width**2 / 4, rel=0.12 if length > 10 else 0.3)
    centre = np.stack([rows + 0.5, cols + 0.5], axis=-1) - begin
    at = np.clip(centre @ along / length**2, 0, 1)
    away = np.hypot(*(centre - at[:, None] * along).T)
    np.testing.assert_allclose(cover, np.clip(width / 2 + 0.5 - away, 0, 1), atol=1e-5)
    everywhere = np.stack(np.indices((40, 40)), axis=-1) + 0.5 - begin
    at = np.clip(everywhere @ along / length**2, 0, 1)
    away = np.hypot(*np.moveaxis(everywhere - at[..., None] * along, -1, 0))
    assert len(rows) == (width / 2 + 0.5 - away > 1e-9).sum()
    assert len(set(zip(rows.tolist(), cols.tolist(), strict=True))) == len(rows)


def test_lines_are_cut_off_at_the_edges():
    for points in ([(-5, -5), (20, 30)], [(3, -50), (3, 90)], [(-9, 4), (99, 4)]):
        rows, cols, _ = line_cover(np.array(points, float), 2.0, 8, 12)
        assert len(rows) > 5
        assert rows.min() >= 0 and rows.max() < 8 and cols.min() >= 0 and cols.max() < 12
    assert len(line_cover(np.array([(30.0, 2.0), (40.0, 9.0)]), 1.0, 8, 12)[0]) == 0
    assert len(line_cover(np.array([(3.0, 2.0)]), 1.0, 8, 12)[0]) == 0
