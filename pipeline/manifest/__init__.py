"""What is finished, and what it was made of: work that is done is not done again, work that changed is.

======= =======================================================
made_of what an output is made of, as hashes
lines   lines that threads, processes and hosts append to a file
noted   the manifest: asked before a file, told after it
======= =======================================================
"""

from tenbit.pipeline.manifest.made_of import Entry
from tenbit.pipeline.manifest.noted import NAME, Manifest, default_path, opened

__all__ = ["NAME", "Entry", "Manifest", "default_path", "opened"]
