"""The report of a batch: JSON lines, one per file, as they come; reports of several machines become one.

======= ==============================================
written a line per file, there as soon as the file is
merged  several reports as one, and what they amount to
======= ==============================================
"""

from tenbit.pipeline.report.merged import Told, merged, read
from tenbit.pipeline.report.written import Report

__all__ = ["Report", "Told", "merged", "read"]
