"""Where the constants of a pass are found at run time: the layout of ``kf``, ``ki`` and the arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._stage import Constants, PerPlane, PerSite

# The site of which `Bound.hoisted` has loaded the constants.
HOISTED = "here"


@dataclass
class Bound:
    """Where each constant of a pass is found at run time: the layout of ``kf``, ``ki`` and the arrays."""

    floats: list[tuple[int, str, int]] = field(default_factory=list)
    ints: list[tuple[int, str]] = field(default_factory=list)
    arrays: list[tuple[int, str]] = field(default_factory=list)

    @property
    def signature(self) -> tuple[object, ...]:
        """What decides the text that is made from it."""
        return tuple(self.floats), tuple(self.ints), tuple(self.arrays)

    @classmethod
    def of(cls, constants: list[Constants]) -> Bound:
        bound = cls()
        for index, names in enumerate(constants):
            for name, value in sorted(names.items()):
                if isinstance(value, np.ndarray):
                    bound.arrays.append((index, name))
                elif isinstance(value, (PerSite, PerPlane)):
                    bound.floats.append((index, name, len(value)))
                elif isinstance(value, (bool, int, np.integer)):
                    bound.ints.append((index, name))
                else:
                    bound.floats.append((index, name, 1))
        return bound

    def packed(self, constants: list[Constants]) -> tuple[Array, Array, list[Array]]:
        """``(kf, ki, arrays)``: float32, int32 and a list of C-ordered float32 or int32 arrays."""
        kf = [float(v) for i, name, _ in self.floats for v in np.atleast_1d(np.asarray(constants[i][name], np.float64))]
        ki = [int(constants[i][name]) for i, name in self.ints]  # type: ignore[arg-type]
        arrays = []
        for i, name in self.arrays:
            value = np.asarray(constants[i][name])
            arrays.append(np.ascontiguousarray(value, np.int32 if value.dtype.kind in "iub" else np.float32))
        return np.array(kf or [0.0], np.float32), np.array(ki or [0], np.int32), arrays

    def preamble(self, uniform: bool) -> list[str]:
        """Lines that load the scalars; per-site ones too unless the site is only known inside the loop."""
        lines, at = [], 0
        for i, name, count in self.floats:
            if count == 1:
                lines.append(f"k{i}_{name} = kf[{at}]")
            elif uniform:
                lines += [f"k{i}_{name}_{s} = kf[{at + s}]" for s in range(count)]
            at += count
        return lines + [f"k{i}_{name} = ki[{n}]" for n, (i, name) in enumerate(self.ints)]

    def is_by_plane(self, index: int) -> bool:
        """Whether a constant of step ``index`` differs from plane to plane, or from site to site."""
        return any(i == index and count > 1 for i, _, count in self.floats)

    def hoisted(self, sites: int) -> list[str]:
        """Lines that load what differs from site to site, where the variable ``site`` is known."""
        lines, at = [], 0
        for i, name, count in self.floats:
            if count == sites > 1:
                lines.append(f"k{i}_{name}_{HOISTED} = kf[{at} + site]")
            at += count
        return lines

    def expression(self, index: int, name: str, site: str) -> str:
        """What ``k.name`` of step ``index`` is called at a site: a literal number, `HOISTED`, or a variable's name."""
        at = 0
        for i, other, count in self.floats:
            if (i, other) == (index, name):
                if count == 1:
                    return f"k{i}_{name}"
                return f"k{i}_{name}_{site}" if site.isdigit() or site == HOISTED else f"kf[{at} + {site}]"
            at += count
        if (index, name) in self.arrays:
            return f"a{index}_{name}"
        if (index, name) in self.ints:
            return f"k{index}_{name}"
        raise KeyError(f"step {index} has no constant {name!r}")
