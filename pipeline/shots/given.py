"""What one frame of a shot is developed with instead of its own white balance and exposure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tenbit.kernels import STAGES, stage
from tenbit.kernels._facts import Triple
from tenbit.pipeline.config import Chain
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.plan import Link

# What the exposure stage takes.
_MOST_EV = 10.0


@dataclass(frozen=True)
class Given:
    """White balance and exposure of one frame, fixed beforehand.

    Parameters
    ----------
    gains : Triple, optional
        Of red, green and blue, instead of what the chain's white_balance would find.
    ev : float
        Added to the chain's exposure.
    """

    gains: Triple | None = None
    ev: float = 0.0

    def applied(self, chain: Chain) -> Chain:
        """The chain with these values in its white_balance and exposure stages.

        A chain without an exposure stage gets one, where it stands in a full chain. Its stages stay the same from frame
        to frame, so that a shot needs no compile but the first frame's.

        Raises
        ------
        RequestError
            If there are gains, and the chain has no white_balance.
        """
        links = list(chain.links)
        if self.gains is not None:
            at = last_of(chain, "white_balance")
            if at is None:
                raise RequestError(f"white balance is to be held, but the chain {chain.name} has no white_balance")
            links[at] = _with(links[at], mode="gains", gains=self.gains, temperature_k=None, tint=0.0)
        if self.ev != 0.0:
            at = last_of(chain, "exposure")
            if at is None:
                at = _place_of_exposure(links)
                exposure = stage("exposure")
                links.insert(at, Link(exposure, exposure.parameters(baseline=False), "exposure that is held"))
            ev = min(max(links[at].parameters.ev + self.ev, -_MOST_EV), _MOST_EV)
            links[at] = _with(links[at], ev=ev)
        return dataclasses.replace(chain, links=tuple(links))


def last_of(chain: Chain, name: str) -> int | None:
    """Where the last stage of that name stands in the chain."""
    return max((at for at, link in enumerate(chain.links) if link.stage.name == name), default=None)


def _with(link: Link, **values: object) -> Link:
    return dataclasses.replace(link, parameters=dataclasses.replace(link.parameters, **values))


def _place_of_exposure(links: list[Link]) -> int:
    """Behind all that come before exposure in a full chain."""
    before = STAGES[: STAGES.index("exposure")]
    return 1 + max((at for at, link in enumerate(links) if link.stage.name in before), default=-1)
