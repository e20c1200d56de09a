"""The root of everything tenbit raises on purpose, and what the stages raise.

The whole tree is drawn in `tenbit.pipeline.errors`, which is where callers import it from.
"""


class TenbitError(Exception):
    """Root of every error that tenbit raises on purpose: its text is one line, fit to be shown."""


class StageError(TenbitError):
    """A stage cannot work on this frame or at this place: the text says which, where and what is allowed."""
