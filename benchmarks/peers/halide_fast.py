"""The fast chain's arithmetic, Malvar's demosaic included, in the Python face of PyPI's ``halide``.

One algorithm on the four colour planes of the mosaic, scheduled by one of the wheel's auto-schedulers or by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import halide as hl
import numpy as np
from frames import Numbers
from numpy.typing import NDArray

AUTO = ("Mullapudi2016", "Adams2019", "Li2018")
# Of the hand schedule: rows that a thread does at a time, floats and stored pixels that are done at once. 32 to 128
# rows and 32 or 64 pixels differ by 3 % (two threads of an EPYC with AVX-512).
_ROWS, _FLOATS, _PIXELS = 64, 16, 64
_SITES = ((0, 0), (0, 1), (1, 0), (1, 1))
Expr = Any


class FastChain:
    """RGGB to RGB8: levels and balance, Malvar, matrix, curve, all in float32.

    Parameters
    ----------
    numbers : Numbers
    shape : tuple of int
        (rows, cols); rows even, cols a multiple of 64.
    packing : {"u16", "raw10"}
        Of the mosaic that it is called with: (rows, cols) uint16 or (rows, 5 cols / 4) uint8.
    curve : {"linear", "filmic"}
        Of tenbit's ``tone``; sRGB's own curve follows.
    schedule : str
        One of `AUTO`, or ``hand``.
    """

    def __init__(
        self,
        numbers: Numbers,
        shape: tuple[int, int],
        *,
        packing: Literal["u16", "raw10"],
        curve: Literal["linear", "filmic"] = "linear",
        schedule: str = "hand",
        threads: int = 2,
    ) -> None:
        self.rgb8 = np.empty((*shape, 3), np.uint8)
        rows, cols = shape
        row, col, channel = hl.Var("row"), hl.Var("col"), hl.Var("channel")
        self._samples = hl.ImageParam(hl.UInt(8 if packing == "raw10" else 16), 2)
        counts = hl.Func("counts")
        counts[col, row] = _unpacked(self._samples, col, row) if packing == "raw10" else self._samples[col, row]
        mirrored = hl.BoundaryConditions.mirror_interior(counts, [(0, cols), (0, rows)])
        planes = {site: hl.Func(f"plane{site[0]}{site[1]}") for site in _SITES}
        for (r, c), plane in planes.items():
            scale = numbers.gains[r + c] / (numbers.white - numbers.black)
            signal = hl.cast(hl.Float(32), mirrored[2 * col + c, 2 * row + r]) - _f32(numbers.black)
            plane[col, row] = hl.min(signal * _f32(scale), _f32(1))
        finished = {site: hl.Func(f"finished{site[0]}{site[1]}") for site in _SITES}
        for site, pixel in finished.items():
            mixed = _mixed(_malvar(planes, site, col, row), numbers.matrix)
            shown = _filmic(mixed, numbers.film) if curve == "filmic" else mixed
            pixel[col, row] = tuple(_code(light, numbers.code) for light in shown)

        def stored(n: int) -> Expr:
            at = {site: pixel[col // 2, row // 2][n] for site, pixel in finished.items()}
            is_even = col % 2 == 0
            upper, lower = (hl.select(is_even, at[r, 0], at[r, 1]) for r in (0, 1))
            return hl.select(row % 2 == 0, upper, lower)

        rgb = hl.Func("rgb")
        rgb[channel, col, row] = hl.mux(channel, [stored(n) for n in range(3)])
        rgb.output_buffer().dim(0).set_bounds(0, 3).set_stride(1)
        rgb.output_buffer().dim(1).set_stride(3)
        self._pipeline = hl.Pipeline([rgb])
        target = hl.get_host_target()
        if schedule == "hand":
            rgb.bound(channel, 0, 3).bound(col, 0, cols).bound(row, 0, rows)
            strip, parity, group = hl.Var("strip"), hl.Var("parity"), hl.Var("group")
            rgb.reorder(channel, col, row).unroll(channel)
            rgb.split(row, strip, row, _ROWS).parallel(strip)
            rgb.split(row, row, parity, 2).unroll(parity).reorder(channel, col, parity, row).vectorize(col, _PIXELS)
            for pixel in finished.values():
                pixel.compute_at(rgb, row).vectorize(col, _FLOATS)
            for plane in planes.values():
                plane.store_at(rgb, strip).compute_at(rgb, row).vectorize(col, _FLOATS)
            if packing == "raw10":
                counts.store_at(rgb, strip).compute_at(rgb, row).split(col, group, col, 4)
                counts.reorder(group, col, row).unroll(col).vectorize(group, _FLOATS)
        else:
            self._samples.set_estimates([(0, cols * 5 // 4 if packing == "raw10" else cols), (0, rows)])
            rgb.set_estimates([(0, 3), (0, cols), (0, rows)])
            hl.load_plugin(str(Path(hl.__file__).parent / "lib64" / f"libautoschedule_{schedule.lower()}.so"))
            self._pipeline.apply_autoscheduler(target, hl.AutoschedulerParams(schedule, {"parallelism": str(threads)}))
        self._pipeline.compile_jit(target)
        self._stored = hl.Buffer(self.rgb8)

    def __call__(self, mosaic: NDArray[np.generic]) -> NDArray[np.uint8]:
        """RGB8, (rows, cols, 3): the same buffer at each call."""
        self._samples.set(hl.Buffer(mosaic))
        self._pipeline.realize(self._stored)
        return self.rgb8


def _f32(value: float) -> Expr:
    return hl.f32(float(value))


def _unpacked(packed: Expr, col: Expr, row: Expr) -> Expr:
    """A sample of MIPI RAW10."""
    group, n = col // 4 * 5, col % 4
    high = hl.cast(hl.UInt(16), packed[group + n, row]) << 2
    return high | hl.cast(hl.UInt(16), (packed[group + 4, row] >> hl.cast(hl.UInt(8), 2 * n)) & 3)


def _malvar(planes: dict[tuple[int, int], Expr], site: tuple[int, int], col: Expr, row: Expr) -> tuple[Expr, ...]:
    """Red, green and blue at one site of every quad (Malvar, He and Cutler 2004, figure 2)."""

    def m(d_row: int, d_col: int) -> Expr:
        r, c = site[0] + d_row, site[1] + d_col
        return planes[r % 2, c % 2][col + c // 2, row + r // 2]

    here, beside, above = m(0, 0), m(0, -2) + m(0, 2), m(-2, 0) + m(2, 0)
    left_right, up_down = m(0, -1) + m(0, 1), m(-1, 0) + m(1, 0)
    corners = (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    eighth = _f32(0.125)
    green = (4 * here + 2 * (left_right + up_down) - (beside + above)) * eighth
    opposite = (6 * here + 2 * corners - _f32(1.5) * (beside + above)) * eighth
    along_row = (5 * here + 4 * left_right - beside - corners + _f32(0.5) * above) * eighth
    along_col = (5 * here + 4 * up_down - above - corners + _f32(0.5) * beside) * eighth
    return {
        (0, 0): (here, green, opposite),
        (0, 1): (along_row, here, along_col),
        (1, 0): (along_col, here, along_row),
        (1, 1): (opposite, green, here),
    }[site]


def _mixed(rgb: tuple[Expr, ...], matrix: NDArray[np.float64]) -> list[Expr]:
    red, green, blue = rgb
    return [_f32(a) * red + _f32(b) * green + _f32(c) * blue for a, b, c in matrix]


def _filmic(rgb: list[Expr], film: dict[str, float] | Any) -> list[Expr]:
    """tenbit's filmic curve: `tenbit.kernels.tone.filmic`."""
    red, green, blue = (light * _f32(1 / 0.18) for light in rgb)
    largest, smallest = hl.max(red, hl.max(green, blue)), hl.min(red, hl.min(green, blue))

    def curved(greys: Expr) -> Expr:
        inside = hl.clamp(greys, _f32(0), _f32(film["white"]))
        bent = inside + _f32(film["toe"])
        u = inside * bent * bent
        return _f32(film["top"]) * u / (u + _f32(film["half"]))

    top, floor = curved(largest), curved(smallest)
    excess = hl.max(largest * _f32(1 / film["white"]) - 1, _f32(0))
    pull = (top - floor) / ((1 + excess * excess) * hl.max(largest - smallest, _f32(1e-20)))
    return [top - pull * (largest - light) for light in (red, green, blue)]


def _code(light: Expr, code: dict[str, float] | Any) -> Expr:
    """tenbit's code value of linear light, a quotient of polynomials, as uint8."""
    inside = hl.clamp(light, _f32(0), _f32(1))
    above, below = _f32(code["a6"]), _f32(code["b5"])
    for n in range(5, -1, -1):
        above = _f32(code[f"a{n}"]) + inside * above
    for n in range(4, -1, -1):
        below = _f32(code[f"b{n}"] if n else 1) + inside * below
    value = hl.select(inside > _f32(code["knee"]), above / below, inside * _f32(code["slope"]))
    return hl.cast(hl.UInt(8), hl.min(value, _f32(1)) * _f32(255) + _f32(0.5))
