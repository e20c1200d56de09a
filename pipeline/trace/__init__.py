"""What was done when: spans of a run as a trace that Perfetto and Chrome open, as ranges in Nsight, and calls counted.

========== ==================================================================
recorder   spans of every thread, as they end; counters beside them
events     spans as events of the trace-event format
file       a trace file
ranges     the same spans as NVTX ranges
together   several recorders that listen at once
kept       files that are complete or absent, and there after an interrupt too
calls      Python's calls in every thread, in the format of pstats
========== ==================================================================

A recorder listens inside `tenbit.kernels._spans.recording`; what is told of is listed there.
"""

from tenbit.pipeline.trace.calls import cprofiling
from tenbit.pipeline.trace.file import is_trace, recorded, recording_to
from tenbit.pipeline.trace.ranges import Ranges
from tenbit.pipeline.trace.recorder import Trace
from tenbit.pipeline.trace.together import Together

__all__ = ["Ranges", "Together", "Trace", "cprofiling", "is_trace", "recorded", "recording_to"]
