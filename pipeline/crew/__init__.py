"""Several processes that each develop files of one batch.

====== ======================================================
hands  the processes: what each is given, and what it tells
shares each one's part of cores, memory and cards
worker what such a process does
====== ======================================================
"""

from tenbit.pipeline.crew.hands import develop

__all__ = ["develop"]
