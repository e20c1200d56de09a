"""Many frames through one chain; a file that fails leaves the others alone.

====== ====================================================
order  what is to be done to every file
one    one file: read, run, written; its outcome
engine many files at once: lanes, memory, order, interrupts
====== ====================================================
"""

from tenbit.pipeline.batch.engine import develop, frames
from tenbit.pipeline.batch.one import develop_one
from tenbit.pipeline.batch.order import Existing, Isolate, Limits, Order

__all__ = ["Existing", "Isolate", "Limits", "Order", "develop", "develop_one", "frames"]
