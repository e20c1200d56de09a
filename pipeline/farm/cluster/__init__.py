"""A batch on a dask cluster: workers are given frames (paths, not pixels) and tell what became of them.

======= ====================================================================
connect a cluster of this machine's own, or one that runs somewhere
give    frames given out, outcomes in order, lost workers and interrupts
slots   jobs that are given out, what is known of each, how many a task holds
shared  what workers must share with the process that gives
work    what runs in a worker; each keeps its device, loops and readers
preload what a worker of this machine's own does first
======= ====================================================================
"""

from tenbit.pipeline.farm.cluster.give import develop

__all__ = ["develop"]
