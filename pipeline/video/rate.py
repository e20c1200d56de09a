"""Frames per second and timecode, exact."""

from __future__ import annotations

import re
from fractions import Fraction

from tenbit.pipeline.errors import RequestError

_HIGHEST = 300
# What 23.976, 29.97 … stand for: television's rates since colour came to it (SMPTE 12M).
_THOUSANDTHS = {Fraction(whole * 1000, 1001): whole for whole in (24, 30, 48, 60, 120)}
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;])(\d\d\d?)")


def rate_from(text: str) -> Fraction:
    """Frames per second: ``25``, ``12.5``, ``24000/1001``; ``23.976`` is 24000/1001, and ``29.97`` 30000/1001.

    Raises
    ------
    RequestError
        If it is no number above 0, or above 300.
    """
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise RequestError(f"fps {text!r}: a number is expected, as 25, 23.976 or 24000/1001") from None
    if not 0 < rate <= _HIGHEST:
        raise RequestError(f"fps {text!r} is outside 0..{_HIGHEST}")
    # 23.98 and 23.976 alike; no whole number and no fraction of anyone's own comes this near.
    near = next((exact for exact in _THOUSANDTHS if abs(rate - exact) <= Fraction(5, 1000)), None)
    return rate if near is None or "/" in text else near


def timecode_from(text: str, rate: Fraction) -> str:
    """The timecode of the first frame: ``HH:MM:SS:FF``, and ``HH:MM:SS;FF`` for drop frame.

    Raises
    ------
    RequestError
        If there is no such moment at this rate.
    """
    found = _TIMECODE.fullmatch(text.strip())
    if not found:
        raise RequestError(f"timecode {text!r}: 01:00:00:00 is expected, 01:00:00;00 for drop frame")
    hour, minute, second, frame = (int(found[n]) for n in (1, 2, 3, 5))
    # Timecode counts whole frames: 30 a second at 29.97.
    count = _THOUSANDTHS.get(rate, rate)
    if count != int(count):
        raise RequestError(f"timecode: {rate} frames per second have none; a whole number has, and 23.976 and the like")
    for value, end, unit in ((hour, 24, "hours"), (minute, 60, "minutes"), (second, 60, "seconds")):
        if value >= end:
            raise RequestError(f"timecode {text!r}: {unit} are 0..{end - 1}")
    if frame >= count:
        raise RequestError(f"timecode {text!r}: at {float(rate):g} frames per second the last field is 0..{count - 1}")
    if found[4] == ";":
        if rate not in (Fraction(30000, 1001), Fraction(60000, 1001)):
            raise RequestError(f"timecode {text!r}: drop frame (;) is of 29.97 and 59.94 frames per second only")
        # Two numbers, four at 59.94, are left out at every minute but the tenth.
        dropped = int(count) // 15
        if minute % 10 and second == 0 and frame < dropped:
            raise RequestError(f"timecode {text!r} is one of those that drop frame leaves out; {dropped:02} is next")
    return found[0]
