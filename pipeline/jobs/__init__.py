"""Which files become which: inputs are found, outputs are named, before anything is read.

======== ===========================================================
job      an input, and the job that it becomes
found    files, folders, globs, numbered shots, lists of names
fields   what a template may say of an input, made safe for a name
named    one output per input; what cannot be meant is refused
formats  what a template's suffix says of the format
checks   a report that would be written over a file
places   real paths of many files, each folder asked once
======== ===========================================================
"""

from tenbit.pipeline.jobs.checks import check_report
from tenbit.pipeline.jobs.fields import FIELDS
from tenbit.pipeline.jobs.formats import output_format, suffix_format
from tenbit.pipeline.jobs.found import find_inputs
from tenbit.pipeline.jobs.job import RAW_SUFFIXES, Input, Job
from tenbit.pipeline.jobs.named import name_outputs, output_folder

__all__ = [
    "FIELDS",
    "RAW_SUFFIXES",
    "Input",
    "Job",
    "check_report",
    "find_inputs",
    "name_outputs",
    "output_folder",
    "output_format",
    "suffix_format",
]
