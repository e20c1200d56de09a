"""What a worker of this machine's own does first."""

from __future__ import annotations

import signal


def dask_setup(worker: object) -> None:
    """Leave signals to the process that started it: Ctrl-C reaches every process of the terminal.

    That one asks its workers to finish what they write. A worker whose parent is gone ends by itself.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)
