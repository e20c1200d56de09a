"""What a row of the CPU needs before it is computed: its samples unpacked, parted by CFA site, at hand."""

from __future__ import annotations

from tenbit.kernels._legs import MEMORY, Leg
from tenbit.kernels._rows import Rows
from tenbit.kernels._source import PACKINGS, indented
from tenbit.kernels._stage import PLANES


def unpacked(rows: Rows, leg: Leg) -> list[str]:
    """The samples of this row from a packed mosaic, a margin beside the strip with them."""
    if rows.work.comes not in PACKINGS or leg.takes.get("mosaic") != MEMORY:
        return []
    group, low = PACKINGS[rows.work.comes]
    span, halo = rows.period, leg.halo
    lines = [f"start = max({span} * (left - {halo}), 0) // {group}"]
    lines += [f"stop = (min({span} * (right + {halo}), cols) + {group - 1}) // {group}"]
    lines += [f"bytes_, samples = in0[row, {group + 1} * start :], line[{group} * start :]"]
    inner = [
        f"o = uint64({group + 1}) * n",
        f"s = uint64({group}) * n",
        f"low = uint16(bytes_[o + uint64({group})])",
    ]
    for k in range(group):
        rest = f"(low >> uint16({low * k})) & uint16({2**low - 1})"
        inner += [f"samples[s + uint64({k})] = (uint16(bytes_[o + uint64({k})]) << uint16({low})) | ({rest})"]
    return [*lines, "for n in range(uint64(stop - start)):", *indented(inner, 1)]


def parted(rows: Rows, leg: Leg) -> list[str]:
    """A row of samples parted by CFA site, as float32.

    All sites in one loop: LLVM loads whole vectors and shuffles, where for one site it would pick samples one by
    one (a sixth of the fast chain's time).
    """
    lines: list[str] = []
    period, halo = rows.period, leg.halo
    for plane in rows.planes_in(leg):
        row = "line" if rows.work.comes in PACKINGS else f"in{rows.work.ins.index(plane)}[row]"
        lines += [f"lo = max(left - {halo}, 0)", f"samples = {row}[{period} * lo :]"]
        lines += [f"full = min(right + {halo}, cols // {period}) - lo"]
        lines += [f"e{k} = split_{plane}[{k}]" for k in range(period)]
        inner = [f"e{k}[x] = f32(samples[uint64({period}) * x + uint64({k})])" for k in range(period)]
        lines += ["for x in range(uint64(max(full, 0))):", *indented(inner, 1)]
        lines += [f"if right + {halo} > cols // {period}:", f"    for k in range(cols % {period}):"]
        lines += [f"        split_{plane}[k, full] = f32(samples[{period} * full + k])"]
    return lines


def loaded(rows: Rows, leg: Leg) -> tuple[list[str], dict[str, str]]:
    """Views of what a leg takes at its own pixel, and the text of each value at ``x``."""
    lines: list[str] = []
    values: dict[str, str] = {}
    for plane, source in leg.takes.items():
        if leg.is_around(plane) and not rows.is_here(leg, plane):
            continue
        view = f"i_{plane}"
        if source != MEMORY:
            lines += [f"{view} = uint64({rows.kept(source, plane)} + base + {rows.margin})"]
            values[plane] = f"scratch[{view} + x]"
            continue
        if rows.period > 1:
            lines += [f"{view} = split_{plane}[pc]"]
            values[plane] = f"{view}[x]"
        elif rows.work.comes in PACKINGS and plane == "mosaic":
            lines += [f"{view} = line[lo:]"]
            values[plane] = f"f32({view}[x])"
        elif plane in rows.work.ins:
            lines += [f"{view} = in{rows.work.ins.index(plane)}[row, lo:]"]
            values[plane] = f"f32({view}[x])"
        else:
            # Flat, so that LLVM knows the stride and loads whole vectors.
            channel = PLANES["linear"].index(plane)
            lines += ["i_rgb = flat[row, 3 * lo :]"] if "i_rgb = flat[row, 3 * lo :]" not in lines else []
            values[plane] = f"f32(i_rgb[uint64(3) * x + uint64({channel})])"
    return lines, values
