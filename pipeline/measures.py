"""What is measured of a file: the monitors of its chain, and those that the chain lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenbit.kernels import STAGES, stage
from tenbit.kernels._facts import Facts, State
from tenbit.kernels._stage import Prepared, Stage
from tenbit.pipeline.config import Chain, final_facts, load
from tenbit.pipeline.draft import Link
from tenbit.pipeline.errors import RequestError, TenbitError
from tenbit.pipeline.schema import hint

DISPLAY = ("false_colour", "zebra", "peaking", "histogram", "waveform", "parade", "vectorscope", "spot")
"""What is measured of every picture, in the order of the columns."""
RAW = ("histogram", "zebra", "exposure_advice")
"""What is measured of the samples of every raw file."""

# Raw samples are counted before these change what they are counted against.
_BEFORE_RAW = ("linearise", "defect_pixels")


@dataclass(frozen=True)
class _Nothing:
    """No parameters."""


def _focus(_: _Nothing, facts: Facts) -> Prepared:
    from tenbit.kernels import _focus

    return Prepared(facts, tuple(_focus.focus_steps(facts)))


# How sharp a picture is; peaking and loupe measure it for themselves, scopes of every picture.
FOCUS = Stage("focus", _Nothing, ("display",), _focus)


@dataclass(frozen=True)
class Measures:
    """What is done to a file and measured of it.

    Parameters
    ----------
    chain : Chain or None
        Of the user; its monitors stay as they stand there.
    monitors : tuple of str
        Which are measured beside those of the chain, by name.
    fallback : Chain
        For raw files, where the user has no chain.
    """

    chain: Chain | None
    monitors: tuple[str, ...]
    fallback: Chain

    @property
    def developing(self) -> Chain:
        """What raw files go through."""
        return self.chain or self.fallback

    def links(self, facts: Facts) -> tuple[Link, ...]:
        """The chain for one file, with the monitors that it lacks.

        A developed picture meets what stands behind the last stage that takes none: monitors, a crop, a resize.
        """
        if facts.state == "display":
            links = list(self.chain.links) if self.chain else []
            behind = [n for n, link in enumerate(links) if "display" not in link.stage.takes]
            links = links[max(behind, default=-1) + 1 :]
            # What was measured of the samples by a monitor of the chain is not there any more.
            return (*links, *self._lacking(links, "display"))
        links = list(self.developing.links)
        is_whole = _ends_as(self.developing) == "display"
        late = self._lacking(_behind_demosaic(links), "display") if is_whole else []
        early: list[Link] = []
        if facts.state == "mosaic":
            before = links[: _first_linear(links)]
            early = self._lacking(before, "mosaic")
        at = next((n for n, link in enumerate(links) if link.stage.name not in _BEFORE_RAW), len(links))
        return (*links[:at], *early, *links[at:], *late)

    def _lacking(self, links: Sequence[Link], state: State) -> list[Link]:
        """Monitors that are wanted of a state and stand not there."""
        there = {link.stage.name for link in links}
        names = DISPLAY if state == "display" else RAW
        known = [stage(n) for n in STAGES if n in names and n in self.monitors and n not in there]
        more = [FOCUS] if state == "display" and "focus" in self.monitors else []
        return [Link(one, one.parameters()) for one in (*known, *more) if state in one.takes]


def measures(
    chain: str | None, *, overrides: Sequence[str] = (), monitors: Sequence[str] = (), fallback: str = "fast"
) -> Measures:
    """What is measured, checked before any file is touched.

    Parameters
    ----------
    chain : str or None
        A shipped chain's name or a chain file.
    overrides : sequence of str
        See `tenbit.pipeline.config.load`.
    monitors : sequence of str
        By default all.
    fallback : str
        A chain for raw files, where there is none.

    Raises
    ------
    ChainError
        If the chain is wrong.
    RequestError
        For a monitor that is none.
    """
    able = measurable()
    for name in monitors:
        if name not in able:
            raise RequestError(f"--monitor {name}: measures nothing; {hint(name, able)}")
    usual = load(fallback, overrides=() if chain else overrides)
    return Measures(_load(chain, overrides) if chain else None, tuple(monitors) or able, usual)


def _load(chain: str, overrides: Sequence[str]) -> Chain:
    """A chain for raw files, or one of stages that take a developed picture."""
    loose = load(chain, overrides=overrides, is_order_checked=False)
    is_for_pictures = bool(loose.links) and all("display" in link.stage.takes for link in loose.links)
    return loose if is_for_pictures else load(chain, overrides=overrides)


def measurable() -> tuple[str, ...]:
    """Names of all that can be measured."""
    return (*(name for name in STAGES if name in {*DISPLAY, *RAW}), "focus")


def _ends_as(chain: Chain) -> State:
    try:
        return final_facts(chain).state
    except TenbitError:
        # For developed pictures: no raw file goes through it.
        return "display"


def _first_linear(links: Sequence[Link]) -> int:
    """Where a mosaic becomes three colours; the number of links where it does not."""
    return next((n for n, link in enumerate(links) if "mosaic" not in link.stage.takes), len(links))


def _behind_demosaic(links: Sequence[Link]) -> Sequence[Link]:
    """Links that meet a finished picture: a monitor before demosaic measures other things."""
    names = [link.stage.name for link in links]
    return links[names.index("tone") + 1 :] if "tone" in names else links[_first_linear(links) :]
