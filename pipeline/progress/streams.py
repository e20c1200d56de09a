"""Lines that go to a stream whole, or nowhere."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO


def shown(text: str) -> str:
    """The text on one line: what does not print, a newline too, is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def encodable(text: str, stream: TextIO) -> str:
    """The text with what the stream's encoding does not know as escapes."""
    if text.isascii():
        return text
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def let_go(stream: TextIO) -> None:
    """Send what a stream still holds, and will be given, nowhere: at its end Python would fail over it once more."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
