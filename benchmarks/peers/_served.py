"""The worker's end of `worker.Worker`; needs NumPy alone, so that it runs in a torch's own environment too."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def serve(version: str, calls: Mapping[str, Callable[[], Any]]) -> None:
    """Do the calls that lines of standard input ask for, until it ends; each returns a picture."""
    sys.stdout.write(f"{version}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        words = line.strip().rsplit(" ", 1)
        picture = calls[words[-1]]()
        if len(words) == 2:
            np.save(words[0], picture)
        sys.stdout.write("done\n")
        sys.stdout.flush()
