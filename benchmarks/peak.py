"""Peak memory of one piece of work in a process of its own, in bytes, as the last line.

Run:  peak.py chain FILE.raw10 FACTS.pickle THREADS    the fast chain in memory, twice
      peak.py cli ARGUMENT...                          the command line
      peak.py program WORD...                          any command: the most that one of its processes has held

VmHWM and not getrusage where there is one: ru_maxrss of a child starts at what its parent held when it began.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path


def peak_bytes() -> int:
    """The most memory that this process has held."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except FileNotFoundError:
        import resource

        # Kilobytes on Linux, bytes on macOS, where there is no /proc.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def chain(raw: str, facts_path: str, threads: str) -> None:
    """The fast chain from RAW10 to RGB8; twice, for what is kept from frame to frame."""
    import numpy as np
    import ours

    facts = pickle.loads(Path(facts_path).read_bytes())
    packed = np.fromfile(raw, np.uint8).reshape(facts.rows, -1)
    what = ours.planned_from_raw10(facts, ours.fast_chain("filmic"))
    for _ in range(2):
        ours.developed_from_raw10(packed, facts, what, threads=int(threads))


def cli(*arguments: str) -> None:
    """``tenbit`` with its arguments."""
    from tenbit.cli import commands

    commands(list(arguments), standalone_mode=False)


def program(*command: str) -> int:
    """Do a command and return what the largest of its processes has held; this process, which starts it, is small.

    Raises
    ------
    SystemExit
        With the command's code, if that is not 0.
    """
    import resource
    import subprocess

    code = subprocess.call(command, stdout=sys.stderr)
    if code:
        raise SystemExit(code)
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    held = {"chain": chain, "cli": cli, "program": program}[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(f"\n{held or peak_bytes()}\n")
