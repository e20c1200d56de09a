"""Runs of `tenbit` that are forks of one process, which has imported it all; some end themselves at a chosen moment.

One run a line of JSON on stdin, ``{"arguments": [...], "moment": "half", "nth": 2}`` or ``{..., "delay_s": 0.2}``, and
its exit status a line on stdout, as `subprocess` tells it.
"""

import itertools
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import llvmlite.binding  # noqa: F401  imported once, not by every run
import ruamel.yaml  # noqa: F401

import tenbit.cli
import tenbit.pipeline.batch
import tenbit.pipeline.images as images
import tenbit.pipeline.manifest.noted as noted
import tenbit.pipeline.report
import tenbit.pipeline.shots.hold
from tenbit.pipeline import foreseen
from tenbit.pipeline.images import atomic


def dies(nth):
    """A function that kills this process when it is called for the nth time, in whatever thread."""
    calls, lock = itertools.count(1), threading.Lock()

    def reached():
        with lock:
            if next(calls) == nth:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)

    return reached


def before(owner, name, reached):
    """Have something done before each call of a function."""
    inner = getattr(owner, name)

    def outer(*arguments, **options):
        reached()
        return inner(*arguments, **options)

    setattr(owner, name, outer)


def half_a_picture(reached):
    def write(handle, *arguments, **options):
        handle.write(b"\xff\xd8 as far as it came")
        handle.flush()
        reached()
        handle.seek(0)
        handle.truncate()
        whole(handle, *arguments, **options)

    whole, images.write_jpeg = images.write_jpeg, write


def half_a_line(reached):
    def add(self, *arguments):
        # Only the call that does not come back leaves it.
        end = self.path.stat().st_size if self.path.exists() else 0
        with own, self.path.open("ab") as handle:
            handle.write(b'{"output":"as far as it ca')
            handle.flush()
            reached()
            handle.truncate(end)
        return whole(self, *arguments)

    own = threading.Lock()
    whole, noted.Manifest.add = noted.Manifest.add, add


def noted_already(reached):
    def add(self, *arguments):
        answer = whole(self, *arguments)
        reached()
        return answer

    whole, noted.Manifest.add = noted.Manifest.add, add


def endless(_):
    def read(path, **options):
        if Path(path).stem == "dump":
            time.sleep(60)
        return whole(path, **options)

    whole, foreseen.read = foreseen.read, read


MOMENTS = {
    "endless": endless,
    "read": lambda reached: before(foreseen, "read", reached),
    "half a picture": half_a_picture,
    "without a name": lambda reached: before(atomic.os, "link", reached),
    "not noted": lambda reached: before(noted.Manifest, "add", reached),
    "half a line": half_a_line,
    "noted": noted_already,
}


def run(wanted):
    if wanted.get("moment"):
        MOMENTS[wanted["moment"]](dies(wanted.get("nth")))
    sys.argv = ["tenbit", *wanted["arguments"]]
    tenbit.cli.main()


for text in sys.stdin:
    wanted = json.loads(text)
    child = os.fork()
    if not child:
        with Path(wanted["log"]).open("wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        run(wanted)
    if "delay_s" in wanted:
        time.sleep(wanted["delay_s"])
        os.kill(child, signal.SIGKILL)
    sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
    sys.stdout.flush()
