"""Halide's fast chain in a process of its own: its pool has as many threads as HL_NUM_THREADS says when it is loaded.

A worker's child (see `worker.py`): halide_served.py THREADS GIVEN.pickle
"""

import pickle
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peers._served import serve
from peers.halide_fast import FastChain

if __name__ == "__main__":
    given = pickle.loads(Path(sys.argv[2]).read_bytes())
    mosaic = given["mosaic"]
    chain = partial(FastChain, given["numbers"], mosaic.shape, packing="u16", threads=int(sys.argv[1]))
    calls = {name: partial(chain(schedule=name), mosaic) for name in given["schedules"]}
    serve(f"halide {version('halide')}", calls)
