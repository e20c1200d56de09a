"""Whether a frame shows nothing but even light, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.calibrate import shading
from tenbit.pipeline.calibrate.blocks import Blocks
from tenbit.pipeline.calibrate.shading import Field

Shot = TypeVar("Shot")
# Hot pixels are at white too.
_MOST_CLIPPED = 0.002
# Of white: below, a fault of half a count in the black level of 10 bits changes the ratio of colours by a percent.
_DARKEST, _DARKEST_CORNER = 0.08, 0.01
_MOST_TEXTURE = 0.02
# Root mean square of what blocks differ from a smooth field by, beside noise.
_MOST_LEFT, _NO_FLAT = 0.012, 0.1
_MOST_ODD_BLOCKS = 0.1
_MOST_SLOPE = 0.4
_MOST_STRANGE, _MOST_STRANGE_RMS = 0.08, 0.02
_MOST_RISE = 0.1
_MOST_APART = 0.015
_COLOURS = {"R": "red", "G": "green", "B": "blue"}


def unsuited(blocks: Blocks, field: Field) -> str:
    """Why a frame is none of even light, one clause; empty if it is one."""
    return _exposed(blocks) or _smooth(blocks, field) or _even(blocks, field) or _whole(blocks, field)


def _exposed(blocks: Blocks) -> str:
    for letter, colour in _COLOURS.items():
        share = max(blocks.clipped[site] for site in range(4) if blocks.cfa[site] == letter)
        if share > _MOST_CLIPPED:
            return f"clipped: {share:.1%} of {colour} is at white; expose less"
    brightest = float(np.median(blocks.means, axis=(1, 2)).max())
    if brightest < _DARKEST:
        return f"too dark: its brightest colour is at {brightest:.1%} of white, {_DARKEST:.0%} are needed; expose more"
    darkest = np.percentile(blocks.means, 1, axis=(1, 2))
    if darkest.min() < _DARKEST_CORNER:
        colour = _COLOURS[blocks.cfa[int(darkest.argmin())]]
        return f"too dark: {colour} falls to {max(darkest.min(), 0):.2%} of white; expose more, in whiter light"
    return ""


def _smooth(blocks: Blocks, field: Field) -> str:
    if blocks.texture > _MOST_TEXTURE:
        return f"not a flat: it has texture of {blocks.texture:.0%}, beside noise"
    left = float(np.sqrt(np.mean(field.left**2)))
    return f"not a flat: parts of it differ from smooth light by {left:.0%}" if left > _NO_FLAT else ""


def _even(blocks: Blocks, field: Field) -> str:
    if field.slope > _MOST_SLOPE:
        return f"uneven light: it changes by {field.slope:.0%} from the middle to a side, {_MOST_SLOPE:.0%} are allowed"
    v, u = blocks.points()
    left = shading.strange(v, u) @ field.terms[shading.RADIAL :]
    most, usual = float(np.abs(left).max()), float(np.sqrt(np.mean(left**2)))
    if most > _MOST_STRANGE or usual > _MOST_STRANGE_RMS:
        return f"uneven light: beside a slope it changes by up to {most:.0%}, in a way that no lens makes"
    radius = np.linspace(0, 1, 51)
    rise = float((shading.radial(radius, np.zeros_like(radius)) @ field.terms[: shading.RADIAL]).max())
    if rise > _MOST_RISE:
        return f"uneven light: it is brighter outside by {rise / np.log(2):.2f} EV, which no lens makes"
    return ""


def _whole(blocks: Blocks, field: Field) -> str:
    left = float(np.sqrt(np.mean(field.left**2)))
    limit = float(np.hypot(_MOST_LEFT, 3 * blocks.noise))
    if left > limit:
        return f"uneven light: parts of it are {left:.1%} off, {limit:.1%} are allowed; a shadow, a reflection, dust?"
    odd = float((field.weights < 0.1).mean())
    if odd > _MOST_ODD_BLOCKS and left > limit / 2:
        return f"uneven light: {odd:.0%} of it is no part of a smooth light; a shadow, a reflection?"
    return ""


def disagreeing(shots: Sequence[tuple[Shot, Field, Blocks]]) -> Iterator[tuple[Shot, str]]:
    """Frames whose light is not that of the others, and why, the worst first; both of two that disagree."""
    left = list(shots)
    while len(left) > 1:
        shapes = [_shape(field, blocks) for _, field, blocks in left]
        apart = np.array([_apart(shapes, n) for n in range(len(left))])
        if apart.max() <= _MOST_APART:
            return
        if len(left) == 2:
            text = f"uneven light: two frames differ by {apart.max():.1%}, and which is the even one is not to be told"
            yield from ((shot, text) for shot, _, _ in left)
            return
        worst = int(apart.argmax())
        yield left[worst][0], f"uneven light: beside a slope it differs by {apart[worst]:.1%} from the other frames"
        del left[worst]


def _shape(field: Field, blocks: Blocks) -> Array:
    """(sites, down, across) logarithms of a frame, its slope left out."""
    v, u = blocks.points()
    common = np.concatenate([shading.radial(v, u), shading.strange(v, u)], -1) @ field.terms
    design = shading.coloured(v, u)[..., :6]  # up to the second power: what light could make of it
    ratios = [design @ shading.solved(design, field.colours[site], field.weights) for site in range(4)]
    return np.stack([common + ratio for ratio in ratios])


def _apart(shapes: Sequence[Array], number: int) -> float:
    """Root mean square of what a frame differs from the middle one of the others by, levels aside."""
    others = np.median([shape for n, shape in enumerate(shapes) if n != number], axis=0)
    apart = shapes[number] - others
    apart -= np.median(apart, axis=(1, 2), keepdims=True)
    return float(np.sqrt(np.mean(apart**2, axis=(1, 2))).max())
