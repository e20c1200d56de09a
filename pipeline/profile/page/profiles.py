"""What a page says of a profile: figures, the roofline, where the time goes, tables."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tenbit.pipeline.profile.page.figures import digits, memory, milliseconds, percent, quantity, spread
from tenbit.pipeline.profile.page.markup import Markup, element, figure
from tenbit.pipeline.profile.page.passes import passes, stages
from tenbit.pipeline.profile.page.places import Told
from tenbit.pipeline.profile.page.roofline import roofline, share_of_roof
from tenbit.pipeline.profile.page.tables import facts
from tenbit.pipeline.profile.page.times import of_frame, of_stages
from tenbit.pipeline.profile.record import Profile


def section(one: Told) -> Markup:
    """All of a profile."""
    profile = one.profile
    notes = [element("li", note) for note in profile.notes]
    roof = roofline(profile)
    figures = [
        figure(
            "Roofline",
            roof[0].markup(f"{one.ident}-roof", f"Roofline of {one.name}", "Operations per second over operations per "
                           "byte, a dot per pass, under what this machine does at best; the figures stand in the table "
                           "of passes."),
            "How near each pass comes to what this machine can do at best, measured in the same run: a dot per pass, "
            "the larger the more time it takes; the percentage is of the roof above it. " + roof[1],
        )
    ] if roof else []  # fmt: skip
    figures += [of_frame(one), of_stages(one)]
    return element(
        "section", element("h2", one.name), element("ul", *notes, class_="warnings") if notes else Markup(),
        _cards(profile), element("div", *figures, class_="figures"), passes(one), stages(one),
        element("h3", "What was measured"), facts(_measured(profile)), _chain(profile), id=one.ident,
    )  # fmt: skip


def _cards(profile: Profile) -> Markup:
    whole, host, first = profile.frame_timing, profile.host_timing, profile.first
    median = whole.median_s
    moved = sum(p.bytes_read + p.bytes_written for p in profile.passes)
    operations = sum(p.operations for p in profile.passes)
    best = sum(p.timing.median_s * share_of_roof(profile, p) for p in profile.passes)
    cpu = whole.median_cpu_s
    busy = (
        f"{percent(cpu / median / profile.threads)} of {profile.threads} threads busy"
        if cpu and profile.target == "cpu"
        else ""
    )
    cards = [
        ("frame", milliseconds(median), f"95 % interval {spread(whole)}"),
        ("speed", f"{digits(profile.megapixels / median)} MP/s", busy or f"{digits(1 / median)} frames/s"),
        ("of the roofline", percent(best / median), "time that the passes' limits allow, over the frame's"),
        ("memory traffic", quantity(moved / median, "B/s"),
         f"{percent(moved / median / profile.ceilings.copy_bytes_per_s)} of the copy"),
        ("arithmetic", quantity(operations / median, "op/s"),
         f"{percent(operations / median / profile.ceilings.operations_per_s)} of multiply and add"),
        ("memory", memory(profile.peak_bytes), f"at its peak; {memory(profile.planned_bytes)} planned"),
        ("first frame", quantity(first.frame_s, "s"), _first(profile)),
        ("host", milliseconds(host.median_s),
         f"{percent(host.median_s / median)} of the frame; plan {milliseconds(profile.plan_timing.median_s)}"),
    ]  # fmt: skip
    return element(
        "ul",
        *(element("li", element("span", name, class_="soft"), element("strong", value), element("small", more))
          for name, value, more in cards), class_="cards",
    )  # fmt: skip


def _first(profile: Profile) -> str:
    first = profile.first
    parts = [
        f"{done} loop{'' if done == 1 else 's'} {word} in {quantity(took, 's')}"
        for done, word, took in (
            (first.compiled, "compiled", first.compile_s), (first.loaded, "loaded", first.load_s),
        ) if done
    ]  # fmt: skip
    return ", ".join(parts) or "nothing to compile or load"


def _measured(profile: Profile) -> list[tuple[str, str]]:
    frame, machine, ceilings = profile.frame, profile.machine, profile.ceilings
    stored = f", {frame.get('cfa') or ''} {frame.get('state') or ''} in {frame.get('stored') or ''}"
    copies = [("host to card", ceilings.up_bytes_per_s), ("card to host", ceilings.down_bytes_per_s)]
    cache = f", in caches {quantity(ceilings.cache_bytes_per_s, 'B/s')}" if ceilings.cache_bytes_per_s else ""
    limits = [f"copy {quantity(ceilings.copy_bytes_per_s, 'B/s')}{cache}",
              f"multiply and add {quantity(ceilings.operations_per_s, 'op/s')}",
              *(f"{name} {quantity(rate, 'B/s')}" for name, rate in copies if rate)]  # fmt: skip
    every = profile.frame_timing.wall_s
    return [
        ("chain", profile.name),
        ("frame", f"{frame.get('name', '')}: {frame['rows']} × {frame['cols']}, {digits(profile.megapixels)} MP"
         f"{stored}, to {frame.get('bits', '')} bits".replace("  ", " ")),
        ("device", f"{profile.device}, {profile.threads} threads" if profile.target == "cpu" else profile.device),
        ("limits measured", ", ".join(limits)),
        ("rounds", f"{sum(map(len, every))} in {len(every)} run{'s' if len(every) > 1 else ''}"),
        ("checked", profile.checked),
        ("machine", named(machine)),
        ("schedule", named(profile.schedule)),
        ("versions", named(profile.versions)),
        ("commit", profile.commit or ""),
    ]  # fmt: skip


def named(record: Mapping[str, object]) -> str:
    """A record in one line."""
    known = {key: value for key, value in record.items() if value not in (None, [], "")}
    return ", ".join(f"{key.replace('_', ' ')} {_flat(value)}" for key, value in known.items())


def _flat(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _chain(profile: Profile) -> Markup:
    text = json.dumps(profile.chain, indent=1, ensure_ascii=False)
    return element("details", element("summary", "The chain as it ran"), element("pre", text))
