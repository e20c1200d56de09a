"""The loops that compute a row of the CPU: a leg's core, then its points."""

from __future__ import annotations

from tenbit.kernels._bound import HOISTED
from tenbit.kernels._legs import Leg, planes_of
from tenbit.kernels._resample import interpolation
from tenbit.kernels._row_cells import added
from tenbit.kernels._row_inputs import loaded
from tenbit.kernels._row_outputs import raised
from tenbit.kernels._rows import LANES, Rows
from tenbit.kernels._source import Read, gathered, indented, interpolated, source_of, stored
from tenbit.kernels._stage import Access, Step


def is_apart(leg: Leg) -> bool:
    """Whether the core alone is done by site, in a loop of its own."""
    return leg.core is not None and isinstance(leg.core.body, tuple) and not _has_points_by_site(leg)


def _has_points_by_site(leg: Leg) -> bool:
    return any(isinstance(step.body, tuple) for step in leg.steps)


def computed(rows: Rows, leg: Leg) -> list[str]:
    """Everything that a leg computes of one row at one site."""
    if not _has_points_by_site(leg):
        return _computed(rows, leg, None)
    lines: list[str] = []
    for site in range(rows.sites):
        lines += [f"if site == {site}:", *indented(_computed(rows, leg, site), 1)]
    return lines


def _computed(rows: Rows, leg: Leg, site: int | None) -> list[str]:
    """`computed`, for a known site or any."""
    lines, values = loaded(rows, leg)
    inner: list[str] = []
    if leg.core is not None and leg.core.access is Access.GATHER:
        inner, made = gathered(rows.writer, leg.core, {p: f"whole_{p}" for p in leg.core.reads})
        values |= made
    elif leg.core is not None and leg.core.access is Access.WARP:
        lines += _warped(rows, leg.core)
        lines += [f"warp_{plane} = warped[{n}]" for n, plane in enumerate(leg.core.writes)]
        values |= {plane: f"warp_{plane}[x]" for plane in leg.core.writes}
    elif leg.core is not None and is_apart(leg):
        lines += _by_site(rows, leg)
        lines += [f"core_{plane} = core[{n}]" for n, plane in enumerate(leg.core.writes)]
        values |= {plane: f"core_{plane}[x]" for plane in leg.core.writes}
    elif leg.core is not None:
        views, reads = _neighbours(rows, leg, site)
        inner, out = rows.writer.paste(leg.core, values={}, reads=reads, site=_named(site))
        lines += views
        values |= dict(zip(leg.core.writes, out, strict=True))
    head = [f"col = int64(uint64({rows.period}) * x) + ({rows.period} * lo + pc)"]
    loads = []
    for plane, text in list(values.items()):
        if "[" in text:
            loads += [f"p_{plane} = {text}"]
            values[plane] = f"p_{plane}"
    points, sinks = _points(rows, leg, values, site)
    return [*lines, *sinks, "for x in range(n):", *indented([*head, *loads, *inner, *points], 1)]


def _by_site(rows: Rows, leg: Leg) -> list[str]:
    """A STENCIL with a body per site: one loop for each of the bodies, into ``core``."""
    assert leg.core is not None
    lines: list[str] = []
    bodies = leg.core.body if isinstance(leg.core.body, tuple) else (leg.core.body,)
    for body in dict.fromkeys(bodies):
        sites = [site for site, other in enumerate(bodies) if other is body]
        site = sites[0] if len(sites) == 1 else None
        views, reads = _neighbours(rows, leg, site)
        inner, out = rows.writer.paste(leg.core, values={}, reads=reads, site=_named(site), body=body)
        inner = [f"col = int64(uint64({rows.period}) * x) + ({rows.period} * lo + pc)", *inner]
        inner += [f"c{n}[x] = {name}" for n, name in enumerate(out)]
        views += [f"c{n} = core[{n}]" for n in range(len(out))]
        here = " or ".join(f"site == {site}" for site in sites)
        lines += [f"if {here}:", *indented([*views, "for x in range(n):", *indented(inner, 1)], 1)]
    return lines


def _warped(rows: Rows, core: Step) -> list[str]:
    """A WARP into ``warped``: where a row's pixels come from, then run after run of pixels that move alike.

    The source of such a run lies in rows of its own, so that it is read by whole vectors; the lanes behind its end
    are done over by the next run. Planes whose constants are the same are done together.
    """
    lines: list[str] = []
    _, taps = interpolation(core)
    first, numbers = taps // 2 - 1, range(len(core.reads))
    for group in [[n] for n in numbers] if rows.bound.is_by_plane(rows.work.steps.index(core)) else [list(numbers)]:
        where = ["col = lo + int64(x)", *source_of(rows.writer, core, group[0])]
        # Rows and columns in one number: one comparison finds the end of a run.
        where += ["moves[x] = (int64(far_row) << 32) + int64(far_col)"]
        where += ["part_rows[x], part_cols[x] = part_row, part_col"]
        lines += ["for x in range(n):", *indented(where, 1)]
        step = ["move, end = moves[run], run + 1"]
        step += ["while end < hi - lo and moves[uint64(end)] == move:", "    end += 1"]
        step += ["far_row = (move + (int64(1) << 31)) >> 32", "far_col = move - (far_row << 32)"]
        step += [f"above, before = row + far_row - {first}, lo + run + far_col - {first}"]
        shape = f"whole_{core.reads[group[0]]}.shape"
        step += [f"blocks, (high_in, wide_in) = (end - run + {LANES - 1}) // {LANES}, {shape}"]
        step += [f"is_inside = above >= 0 and above + {taps - 1} < high_in"]
        # A run that meets an edge is parted, so that its pixels beside it alone are done one by one.
        step += [f"room = wide_in - {taps - 1} - before"]
        step += ["if before < 0:", "    is_inside, end = False, min(end, run - before)"]
        step += [f"elif {LANES} * blocks > room:"]
        step += [f"    is_inside = is_inside and room >= {LANES}", "    if is_inside:"]
        step += [f"        blocks, end = room // {LANES}, run + room // {LANES} * {LANES}"]
        step += ["u, v = part_rows[run:], part_cols[run:]", "if is_inside:"]
        for n in group:
            step += indented(_run_of(rows, core, n), 1)
        step += ["else:", "    for e in range(run, end):"]
        for n in group:
            lone, value = interpolated(rows.writer, core, f"whole_{core.reads[n]}")
            lone = ["part_row, part_col, col = part_rows[e], part_cols[e], lo + e", *lone]
            step += indented([*lone, f"warped[{n}, e] = {value}"], 2)
        lines += ["run = int64(0)", "while run < hi - lo:", *indented([*step, "run = end"], 1)]
    return lines


def _run_of(rows: Rows, core: Step, number: int) -> list[str]:
    """Lines that interpolate one plane of a run, from rows ``above`` on and columns ``before`` on."""
    between, taps = interpolation(core)
    first = taps // 2 - 1

    def read(d_row: int, d_col: int) -> str:
        return f"f32(q{d_row + first}[e + uint64({d_col + first})])"

    names = {"down": "u[e]", "right": "v[e]"}
    lines, (value,) = rows.writer.paste_body(between, reads={"plane": read}, names=names)
    views = [f"q{k} = whole_{core.reads[number]}[above + {k}, before:]" for k in range(taps)]
    views += [f"w = warped[{number}, run:]"]
    inner = [f"e = uint64({LANES} * block + lane)", *lines, f"w[e] = {value}"]
    return [*views, "for block in range(blocks):", f"    for lane in range({LANES}):", *indented(inner, 2)]


def _neighbours(rows: Rows, leg: Leg, site: int | None) -> tuple[list[str], dict[str, Read]]:
    """Places in the scratch around a row, filled as reads are met, and the text of a relative read.

    At a known site the text of a read holds its place; else the place is worked out once per row.
    """
    assert leg.core is not None
    period, places = rows.period, _Places()
    around = -(-leg.core.radius // period)

    def reader(plane: str) -> Read:
        source = leg.takes[plane]

        def read(d_row: int, d_col: int) -> str:
            y = f"near[row + {d_row + rows.reach}]" if d_row else "y"
            if site is not None or period == 1:
                pr, pc = divmod(site or 0, period)
                q_col, s_col = divmod(pc + d_col, period)
                at = rows.kept(source, plane, site=str((pr + d_row) % period * period + s_col), y=y)
            else:
                # Columns that differ by whole periods share a place: (pc + q * period + s) // period is q more.
                q_col, s_col = divmod(d_col, period)
                here = f"(pr + {d_row}) % {period} * {period} + (pc + {s_col}) % {period}"
                at = f"{rows.kept(source, plane, site=here, y=y)} + (pc + {s_col}) // {period}"
            place = places.named(f"{at} + base + {rows.margin - around}")
            return f"scratch[{place} + (x + uint64({q_col + around}))]"

        return read

    return places.lines, {plane: reader(plane) for plane in leg.core.reads}


def _named(site: int | None) -> str:
    return HOISTED if site is None else str(site)


def _points(rows: Rows, leg: Leg, values: dict[str, str], site: int | None) -> tuple[list[str], list[str]]:
    """Lines at one pixel behind the core, and the rows that they write into."""
    inner: list[str] = []
    sinks: list[str] = []
    seen = rows.seen(leg)
    for line in sorted(set(seen.values())):
        sinks += [f"l{line} = seen[{line}]"]
    for number, step in enumerate(leg.steps):
        if step.access is Access.CELLS:
            more, lines = added(rows, leg, step, values)
            inner, sinks = inner + more, sinks + lines
            continue
        if step.is_sampled:
            for plane in step.reads:
                kept = f"l{seen[number, plane]}[x] = {values[plane]}"
                inner += [kept] if kept not in inner else []
            continue
        more, out = rows.writer.paste(step, values=values, site=_named(site))
        inner += more
        if step.access is not Access.REDUCE:
            values |= dict(zip(step.writes, out, strict=True))
            continue
        tally = rows.work.tallies.index(step)
        for n, name in enumerate(out):
            sinks += [f"b{tally}_{n} = bins{tally}[{n}]"]
            inner += [raised(step, f"b{tally}_{n}", name)]
    for plane in leg.keeps:
        sinks += [f"s_{plane} = uint64({rows.kept(rows.legs.index(leg), plane)} + base + {rows.margin})"]
        inner += [f"scratch[s_{plane} + x] = {values[plane]}"]
    for slot in leg.slots:
        number, planes = rows.work.outs.index(slot), planes_of(slot)
        for n, plane in enumerate(planes):
            sinks += [f"w{number}_{n} = woven{number}[{len(planes)} * pc + {n}]"]
            inner += [f"w{number}_{n}[x] = {stored(values[plane], slot.dtype)}"]
    return inner, sinks


class _Places:
    """Places in the scratch by name, each once: numbers, which compile in half the time that views of it take."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def named(self, text: str) -> str:
        """The variable that holds a place."""
        if text not in self._names:
            self._names[text] = f"r{len(self._names)}"
            self.lines.append(f"{self._names[text]} = uint64({text})")
        return self._names[text]
