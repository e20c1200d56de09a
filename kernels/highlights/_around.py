"""What lies around a site of a mosaic: its two other colours, centred on it, and the largest of its own colour near it.

At a red or blue site the first of the others is green, the second the opposite colour; at a green site the first is the
colour of its row, the second that of its column.
"""

from __future__ import annotations

from tenbit.kernels._facts import GREEN, Cfa
from tenbit.kernels._stage import Body


def around_red_or_blue(m):
    """A red or blue site of Bayer."""
    cross, corners = (m(0, -1) + m(0, 1)) + (m(-1, 0) + m(1, 0)), (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    near = max(most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0)), most_of(m(-2, -2), m(-2, 2), m(2, -2), m(2, 2)))
    return 0.25 * cross, 0.25 * corners, near


def around_green(m):
    """A green site of Bayer."""
    beside, above = 0.5 * (m(0, -1) + m(0, 1)), 0.5 * (m(-1, 0) + m(1, 0))
    near = max(most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0)), most_of(m(-2, -2), m(-2, 2), m(2, -2), m(2, 2)))
    return beside, above, near


def quad_top_left(m):
    """The first site of a red or blue block of quad-Bayer."""
    sides = thirds(m(0, -1), m(0, 2)) + thirds(m(-1, 0), m(2, 0))
    corners = thirds(thirds(m(-1, -1), m(-1, 2)), thirds(m(2, -1), m(2, 2)))
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return 0.5 * sides, corners, near


def quad_top_right(m):
    """The second."""
    sides = thirds(m(0, 1), m(0, -2)) + thirds(m(-1, 0), m(2, 0))
    corners = thirds(thirds(m(-1, 1), m(-1, -2)), thirds(m(2, 1), m(2, -2)))
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return 0.5 * sides, corners, near


def quad_bottom_left(m):
    """The third."""
    sides = thirds(m(0, -1), m(0, 2)) + thirds(m(1, 0), m(-2, 0))
    corners = thirds(thirds(m(1, -1), m(1, 2)), thirds(m(-2, -1), m(-2, 2)))
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return 0.5 * sides, corners, near


def quad_bottom_right(m):
    """The fourth."""
    sides = thirds(m(0, 1), m(0, -2)) + thirds(m(1, 0), m(-2, 0))
    corners = thirds(thirds(m(1, 1), m(1, -2)), thirds(m(-2, 1), m(-2, -2)))
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return 0.5 * sides, corners, near


def green_top_left(m):
    """The first site of a green block of quad-Bayer."""
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return thirds(m(0, -1), m(0, 2)), thirds(m(-1, 0), m(2, 0)), near


def green_top_right(m):
    """The second."""
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return thirds(m(0, 1), m(0, -2)), thirds(m(-1, 0), m(2, 0)), near


def green_bottom_left(m):
    """The third."""
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return thirds(m(0, -1), m(0, 2)), thirds(m(1, 0), m(-2, 0)), near


def green_bottom_right(m):
    """The fourth."""
    near = most_of(m(0, -4), m(0, 4), m(-4, 0), m(4, 0))
    return thirds(m(0, 1), m(0, -2)), thirds(m(1, 0), m(-2, 0)), near


def thirds(near, far):
    """A line between two samples, one pixel from the first and two from the second."""
    return (2.0 * near + far) * (1.0 / 3.0)


def most_of(a, b, c, d):
    """The largest of four."""
    return max(max(a, b), max(c, d))


RADIUS = 4
BAYER = (around_red_or_blue, around_green)
QUAD = (
    (quad_top_left, quad_top_right, quad_bottom_left, quad_bottom_right),
    (green_top_left, green_top_right, green_bottom_left, green_bottom_right),
)


def bodies(cfa: Cfa) -> tuple[Body, ...]:
    """One body per site of a CFA's period, row by row."""

    def body(row: int, col: int) -> Body:
        is_green = cfa.colour(row, col) == GREEN
        return QUAD[is_green][2 * (row % 2) + col % 2] if cfa.is_quad else BAYER[is_green]

    return tuple(body(row, col) for row in range(cfa.period) for col in range(cfa.period))


def others(cfa: Cfa) -> tuple[tuple[int, int], ...]:
    """Colours of the two means that `bodies` make, per site, row by row."""

    def pair(row: int, col: int) -> tuple[int, int]:
        step = 2 if cfa.is_quad else 1
        if cfa.colour(row, col) == GREEN:
            return cfa.colour(row, col + step), cfa.colour(row + step, col)
        return GREEN, cfa.colour(row + step, col + step)

    return tuple(pair(row, col) for row in range(cfa.period) for col in range(cfa.period))
