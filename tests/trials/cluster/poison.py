"""Frames that kill the process that develops them, as a broken driver or a decoder's fault does."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tenbit.pipeline.config import Chain
from tenbit.pipeline.shots.given import Given


@dataclass(frozen=True)
class Poison(Given):
    """Kills whatever process begins with its frame."""

    def applied(self, chain: Chain) -> Chain:
        os.kill(os.getpid(), 9)
        return chain
