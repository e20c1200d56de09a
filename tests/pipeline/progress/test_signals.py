"""Signals that end a batch: when they are heard, and how often."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from tenbit.pipeline import progress
from tenbit.pipeline.progress.signals import Signals

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_half_told_is_told_first(number: int) -> None:
    told: list[str] = []
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("whoever started this process made it deaf")
    before = signal.getsignal(number)
    with pytest.raises(progress.Stopped) as caught, progress.stoppable() as signals, signals.telling():
        os.kill(os.getpid(), number)
        told.append("whole")
    assert told == ["whole"] and caught.value.number == number
    assert signal.getsignal(number) is before


def test_a_signal_that_was_sent_on_is_the_same_one_and_a_later_one_is_not() -> None:
    seconds = iter([10.0, 11.5, 12.5]).__next__
    signals = Signals(seconds)
    with pytest.raises(progress.Stopped):
        signals.came(signal.SIGTERM)
    signals.came(signal.SIGTERM)
    with pytest.raises(progress.Stopped):
        signals.came(signal.SIGINT)


def test_an_error_while_telling_is_not_hidden_by_a_signal() -> None:
    signals = Signals()
    with pytest.raises(ValueError, match="full"), signals.telling():
        signals.came(signal.SIGTERM)
        raise ValueError("full")
