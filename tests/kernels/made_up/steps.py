"""Small steps of every access kind. Their bodies are sums and products alone: no target rounds them its own way."""

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._stage import PLANES, Access, PerPlane, PerSite, Step

RGB = PLANES["linear"]


# ---- bodies of a mosaic ----
def gained(mosaic, k):
    return mosaic * k.gain + k.base


def shaded(mosaic, k, row, col):
    return mosaic * (k.gain + 0.001 * f32(row)) + k.tilt * f32(col % 3)


def inverted(mosaic, k):
    return k.paint - mosaic


def near(m, k):
    return k.here * m(0, 0) + 0.25 * m(-1, 1) - 0.125 * m(1, 0)


def farther(m, k):
    return k.here * m(0, 0) + 0.25 * m(-2, 1) - 0.125 * m(1, -2) + 0.0625 * m(2, 2)


def farthest(m, k):
    return k.here * m(0, 0) + 0.25 * m(-3, 2) - 0.125 * m(3, -3) + 0.0625 * m(0, 3)


def at_first(m):
    return 0.5 * m(0, 0) + 0.5 * m(-2, 1)


def at_second(m):
    return 0.5 * (m(0, -1) + m(0, 1))


def at_third(m):
    return 0.25 * m(1, -2) + 0.5 * m(0, 0)


def at_fourth(m):
    return 0.25 * (m(-1, -1) + m(2, 0)) + 0.25 * m(0, 2)


def step_across(m):
    return abs(m(0, -1) - m(0, 1)) + 0.5 * m(-1, 0)


def spread(edge):
    return 0.5 * edge(0, 0) + 0.25 * edge(-2, 0) + 0.25 * edge(1, 1)


def guided(m, edge):
    return 0.5 * m(0, 1) + 0.25 * m(-1, 0) + 0.25 * edge(1, 0)


def eased(mosaic, edge, k):
    return mosaic + k.share * edge


def coloured_first(m):
    return m(0, 0), 0.5 * (m(0, -1) + m(0, 1)), 0.5 * (m(-1, -1) + m(2, 1))


def coloured_second(m):
    return 0.5 * (m(-1, 0) + m(1, 0)), m(0, 0), m(0, -2)


def coloured_third(m):
    return 0.5 * (m(0, -1) + m(0, 1)), m(0, 0), 0.5 * (m(-2, 0) + m(1, 1))


def coloured_fourth(m):
    return m(-1, -1), 0.25 * (m(-1, 0) + m(1, 0)), m(0, 0)


def sorted_first(edge, k):
    return k.gain * edge


def sorted_second(edge, k, row):
    return edge + 0.01 * f32(row)


def sorted_third(edge, k):
    return k.gain - edge


def sorted_fourth(edge, col):
    return edge - 0.01 * f32(col)


def ordered_first(mosaic, edge):
    return mosaic, mosaic + edge, edge


def ordered_second(mosaic, edge):
    return edge, mosaic, mosaic - edge


def ordered_third(mosaic, edge):
    return mosaic - edge, mosaic, edge


def ordered_fourth(mosaic, edge):
    return edge, mosaic + edge, mosaic


def level(mosaic):
    return int(min(max(mosaic, -1.0), 3.0) * 10.0)


# ---- bodies of three planes ----
def mixed(red, green, blue, k):
    return 0.5 * red + k.a * green, 0.5 * green + k.b * blue, 0.5 * blue + k.c * red


def boxed(red, green, blue, k, row, col):
    return blue, k.paint * f32((row + col) % 2), red


def mean(red, green, blue, k):
    return k.share * (red + green) + 0.5 * blue


def detail(y):
    return y(0, 0) - 0.25 * (y(-1, 0) + y(1, 0) + y(0, -1) + y(0, 1))


def wide_detail(y):
    return y(0, 0) - 0.5 * (y(-3, 1) + y(2, -3))


def softened(red, green, blue):
    return (
        0.5 * red(0, 0) + 0.5 * red(-1, 1),
        0.5 * green(0, 0) + 0.5 * green(1, 1),
        0.5 * blue(0, -1) + 0.25 * red(1, 0),
    )


def green_alone(green):
    return 0.5 * green(0, 0) + 0.25 * green(0, -2) + 0.25 * green(2, 1)


def red_alone(red, k):
    return red * k.gain


def weighed(red, green, blue, mask, k):
    return red + k.share * mask, green, blue - k.share * mask


def guided_red(red, mask):
    return 0.5 * red(0, 0) + 0.25 * red(-1, 0) + 0.25 * mask(1, -1)


def levels(red, green, blue):
    return (
        int(min(max(red, -1.0), 3.0) * 10.0),
        int(min(max(green, -1.0), 3.0) * 10.0),
        int(min(max(blue, -1.0), 3.0) * 10.0),
    )


def placed_levels(red, mask, row, col):
    return int(min(max(red, -1.0), 3.0) * 10.0) + 31 * (row % 5), 155 + (1 if mask > 0.1 else 2) * (col % 7)


def side_of(mask):
    return 0 if mask > 0.1 else (1 if mask < -0.1 else -1)


def balanced(red, green, blue, k):
    return red * k.gain, green, blue * k.gain


def swayed(row, col, k):
    return k.lean * f32(col) - k.shift, k.shift + k.lean * f32(row)


def turned(plane, row, col, k):
    return plane[k.last - col, row] * k.gain


def moved(plane, row, col, k):
    return plane[min(row + k.down, k.last), col]


# ---- the catalogue: name -> planes that must be there, step ----
SITES = (at_first, at_second, at_third, at_fourth)
COLOURS = (coloured_first, coloured_second, coloured_third, coloured_fourth)
SORTS = (sorted_first, sorted_second, sorted_third, sorted_fourth)
ORDERS = (ordered_first, ordered_second, ordered_third, ordered_fourth)


def by_period(bodies, facts):
    """Four bodies in turn over the sites of a period."""
    period = facts.cfa.period
    return tuple(bodies[(row % 2) * 2 + (col + row // 2) % 2] for row in range(period) for col in range(period))


def per_site(facts, low, high):
    return PerSite(np.linspace(low, high, facts.cfa.period**2).tolist())


def from_counts(name):
    """Constants that follow from counters."""
    return lambda results: {"gain": 0.75 + 0.25 * (int(results[name].argmax()) % 5) / 4}


def mosaic_step(name, facts, draw):
    """A step of a mosaic."""
    own = ("mosaic",)
    return {
        "unit": lambda: Step(name, Access.POINT, gained, own, own),
        "gain": lambda: Step(name, Access.POINT, gained, own, own, {"gain": per_site(facts, 0.5, 1.0), "base": 0.01}),
        "shade": lambda: Step(name, Access.POINT, shaded, own, own, {"gain": 0.75, "tilt": per_site(facts, 0.0, 0.1)}),
        "box": lambda: Step(name, Access.POINT, inverted, own, own, {"paint": 0.9}),
        "near": lambda: Step(name, Access.STENCIL, near, own, own, {"here": per_site(facts, 0.5, 0.75)}, radius=1),
        "farther": lambda: Step(name, Access.STENCIL, farther, own, own, {"here": 0.5}, radius=2),
        "farthest": lambda: Step(name, Access.STENCIL, farthest, own, own, {"here": 0.5}, radius=3),
        "sited": lambda: Step(name, Access.STENCIL, by_period(SITES, facts), own, own, radius=2),
        "edge": lambda: Step(name, Access.STENCIL, step_across, own, ("edge",), radius=1),
        "spread": lambda: Step(name, Access.STENCIL, spread, ("edge",), ("edge",), radius=2),
        "guide": lambda: Step(name, Access.STENCIL, guided, ("mosaic", "edge"), own, radius=1),
        "ease": lambda: Step(name, Access.POINT, eased, ("mosaic", "edge"), own, {"share": 0.25}),
        "sort": lambda: Step(
            name, Access.POINT, by_period(SORTS, facts), ("edge",), ("edge",), {"gain": per_site(facts, 0.5, 0.75)}
        ),
        "order": lambda: Step(name, Access.POINT, by_period(ORDERS, facts), (*own, "edge"), RGB),
        "level": lambda: Step(name, Access.REDUCE, level, own, ("level",), counters=30),
        "rare": lambda: Step(name, Access.REDUCE, level, own, (name,), counters=30, every=3),
        "follow": lambda: Step(
            name, Access.POINT, gained, own, own, lambda r: {**from_counts("level")(r), "base": 0.0}
        ),
        "move": lambda: Step(name, Access.GATHER, moved, own, own, {"down": 2 * draw(0, 2), "last": facts.rows - 1}),
        "colour": lambda: Step(name, Access.STENCIL, by_period(COLOURS, facts), own, RGB, radius=2),
    }[name]()


def planes_step(name, facts, draw):
    """A step of three planes."""
    sway = {"lean": PerPlane((0.01, 0.0, -0.02)), "shift": draw(-3, 3) * 0.7}
    turn = {"last": facts.rows - 1, "gain": PerPlane((1.0, 0.5, 0.75))}
    return {
        "mix": lambda: Step(name, Access.POINT, mixed, RGB, RGB, {"a": 0.5, "b": 0.25, "c": -0.125}),
        "box": lambda: Step(name, Access.POINT, boxed, RGB, RGB, {"paint": 0.7}),
        "luma": lambda: Step(name, Access.POINT, mean, RGB, ("y",), {"share": 0.25}),
        "detail": lambda: Step(name, Access.STENCIL, detail, ("y",), ("mask",), radius=1),
        "wide": lambda: Step(name, Access.STENCIL, wide_detail, ("y",), ("mask",), radius=3),
        "soft": lambda: Step(name, Access.STENCIL, softened, RGB, RGB, radius=1),
        "green": lambda: Step(name, Access.STENCIL, green_alone, ("green",), ("green",), radius=2),
        "red": lambda: Step(name, Access.POINT, red_alone, ("red",), ("red",), {"gain": 0.875}),
        "weigh": lambda: Step(name, Access.POINT, weighed, (*RGB, "mask"), RGB, {"share": 0.25}),
        "guide": lambda: Step(name, Access.STENCIL, guided_red, ("red", "mask"), ("red",), radius=1),
        "levels": lambda: Step(name, Access.REDUCE, levels, RGB, ("levels",), counters=31),
        "sparse": lambda: Step(
            name, Access.REDUCE, placed_levels, ("red", "mask"), (name,), counters=190, every=2 + facts.rows % 3
        ),
        "rows": lambda: Step(name, Access.REDUCE, side_of, ("mask",), (name,), counters=2, every=4),
        "sides": lambda: Step(name, Access.REDUCE, side_of, ("mask",), ("sides",), counters=2),
        "follow": lambda: Step(name, Access.POINT, balanced, RGB, RGB, from_counts("levels")),
        "sway": lambda: Step(name, Access.WARP, swayed, RGB, RGB, sway, taps="lanczos3", is_clamped=True),
        "turn": lambda: Step(name, Access.GATHER, turned, RGB, RGB, turn, shape=(facts.cols, facts.rows)),
    }[name]()


MOSAIC_STEPS = (
    *("gain", "shade", "box", "near", "farther", "farthest", "sited", "edge"),
    *("spread", "guide", "ease", "level", "follow", "move", "colour"),
)
PLANES_STEPS = (
    *("mix", "box", "luma", "detail", "wide", "soft", "green", "red"),
    *("weigh", "guide", "levels", "sides", "follow", "sway", "turn"),
)
