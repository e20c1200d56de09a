"""Profiles and experiments as one self-contained HTML page.

======================== ==============================================================
profiles, together       what is said of one profile, of several
experiments, points      what is said of an experiment; its points as charts ask for them
roofline, times, passes  of a profile: the roofline, bars of time, tables
scatter, scaling         speed against quality, time against size
bars, tables             charts of bars, tables that a reader can sort: of anything
drawing, scales, labels  SVG, axes and their ticks, names where there is room for them
figures, markup          numbers and names as they are read; elements, all escaped
places, read             names on a page; tables from files
======================== ==============================================================
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from string import Template

from tenbit.pipeline.images.atomic import replaced
from tenbit.pipeline.profile.page import experiments, profiles
from tenbit.pipeline.profile.page.drawing import asset
from tenbit.pipeline.profile.page.markup import Markup, element
from tenbit.pipeline.profile.page.places import told
from tenbit.pipeline.profile.page.points import Points
from tenbit.pipeline.profile.page.together import together
from tenbit.pipeline.profile.record import Profile


def page(title: str, measured: Sequence[Profile], tried: Sequence[Points] = ()) -> str:
    """A page of profiles and experiments, as HTML that asks nothing of a network.

    Parameters
    ----------
    title : str
    measured : sequence of Profile
    tried : sequence of Points
        Experiments.
    """
    every = told(measured)
    parts = together(every)
    parts += [profiles.section(one) for one in every]
    parts += [experiments.section(f"e{n}", one) for n, one in enumerate(tried)]
    places = [*([("together", "Together")] if len(every) > 1 else []), *((one.ident, one.name) for one in every),
              *((f"e{n}", f"Experiment {one.name}") for n, one in enumerate(tried))]  # fmt: skip
    links = [element("a", name, href=f"#{ident}") for ident, name in places]
    style, script = asset("page.chart.css") + asset("page.css"), asset("page.js")
    return Template(asset("page.html")).substitute(
        title=element("title", title),
        heading=element("h1", title),
        links=element("nav", *links, aria_label="Contents") if len(links) > 1 else Markup(),
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_known(style)}'; script-src '{_known(script)}'",
        body="\n".join(parts),
    )


def write_page(path: Path, title: str, measured: Sequence[Profile], tried: Sequence[Points] = ()) -> int:
    """Write the page, complete or not at all; its size in bytes.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    # Names of files may hold bytes that are no text.
    content = page(title, measured, tried).encode("utf-8", "replace")
    with replaced(path) as handle:
        handle.write(content)
    return len(content)


def _known(text: str) -> str:
    """A style or script as the page's policy names it: no other is run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
