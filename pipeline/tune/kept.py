"""Where a machine's tuning is kept: a file in the user's cache, complete or absent, read when a device is opened.

A file that is damaged or another machine's costs a word, never a failure. ``TENBIT_TUNING=off`` leaves all as it is by
default.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from tenbit.kernels import _native
from tenbit.kernels._schedule import VERSION
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.tune.setting import Setting

_KIND = "tenbit tuning"


@dataclass(frozen=True)
class Machine:
    """What a tuning is of.

    Parameters
    ----------
    name : str
        Of the processor, or of the card.
    cores : int or None
        That may be used; None of a card.
    """

    name: str
    cores: int | None = None

    def __str__(self) -> str:
        return self.name if self.cores is None else f"{self.name}, {self.cores} core{'s' if self.cores > 1 else ''}"


@dataclass(frozen=True)
class Kept:
    """What is kept for a machine.

    Parameters
    ----------
    setting : Setting
        The default where nothing is kept.
    record : mapping
        All that the file says; empty where there is none, or one that cannot be used.
    note : str
        Why a file is not used; empty where all is well.
    path : Path or None
        The file; None where there is none.
    """

    setting: Setting = field(default_factory=Setting)
    record: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    path: Path | None = None


def this_cpu() -> Machine:
    """The processor with the cores that may be used."""
    from tenbit.pipeline.device import usable_cores
    from tenbit.pipeline.profile.machine import cpu_name

    return Machine(cpu_name(), usable_cores())


def is_off() -> bool:
    """Whether the user wants the defaults, whatever is kept."""
    return os.environ.get("TENBIT_TUNING", "").strip().lower() == "off"


def kept_for_cpu() -> Kept:
    """What is kept for this machine's processor."""
    # Its name takes a read of some hundred lines: not where nobody has tuned anything.
    return kept(this_cpu()) if not is_off() and folder().is_dir() else Kept()


def kept(machine: Machine) -> Kept:
    """What is kept for a machine; the default where that is nothing, cannot be used, or is not wanted."""
    return Kept() if is_off() else read(machine)


def read(machine: Machine) -> Kept:
    """What is kept for a machine, wanted or not."""
    return _read(path_of(machine), machine)


def keep(machine: Machine, setting: Setting, more: Mapping[str, Any]) -> Path:
    """Keep a setting for a machine, in the place of an earlier one; returns the file.

    Parameters
    ----------
    machine : Machine
    setting : Setting
    more : mapping
        What else the file says: what was tried, what it gained. Fit for JSON.

    Raises
    ------
    WriteError
        If it cannot be written; an earlier one stays then.
    """
    path = path_of(machine)
    head = {"kind": _KIND, "version": VERSION, "machine": machine.name, "cores": machine.cores}
    text = json.dumps({**head, "setting": setting.as_record(), **more}, indent=1, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _native.write(path, text.encode())
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror}") from None
    _read.cache_clear()
    return path


def check_writable(machine: Machine) -> None:
    """Find out before a search whether its result can be kept.

    Raises
    ------
    WriteError
        If it cannot.
    """
    place = path_of(machine).parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        trial = place / f".{os.getpid()}.part"
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise WriteError(f"{place}: {error.strerror}; TENBIT_CACHE names another folder") from None


def forget(machine: Machine) -> Path | None:
    """Remove what is kept for a machine; returns the file that is gone, None where there was none.

    Raises
    ------
    WriteError
        If it cannot be removed.
    """
    path = path_of(machine)
    try:
        path.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror}") from None
    finally:
        _read.cache_clear()
    return path


def folder() -> Path:
    """Where tunings are kept."""
    from tenbit.kernels._compile import cache_folder

    return cache_folder() / "tuning"


def path_of(machine: Machine) -> Path:
    """The file of a machine's tuning."""
    from tenbit.pipeline.profile.machine import slug

    cores = "" if machine.cores is None else f"-{machine.cores}-cores"
    return folder() / f"{slug(machine.name) or 'unknown'}{cores}.json"


@lru_cache(maxsize=8)
def _read(path: Path, machine: Machine) -> Kept:
    """Once per process and file."""
    try:
        record = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Kept()
    except OSError as error:
        return _unused(path, error.strerror or type(error).__name__)
    except (ValueError, RecursionError):
        return _unused(path, "not JSON")
    if not isinstance(record, dict) or record.get("kind") != _KIND:
        return _unused(path, "no tuning")
    if record.get("version") != VERSION:
        return _unused(path, f"made for version {record.get('version')} of the schedules, which are version {VERSION}")
    made_on = record.get("machine"), record.get("cores")
    if made_on != (machine.name, machine.cores):
        return _unused(path, f"made on another machine ({made_on[0]})")
    try:
        if not isinstance(record.get("setting"), dict):
            raise ValueError("it has no setting")
        return Kept(Setting.from_record(record["setting"]), record, path=path)
    except ValueError as error:
        return _unused(path, str(error))


def _unused(path: Path, reason: str) -> Kept:
    return Kept(note=f"{path}: {reason}; the default sizes are used until tenbit tune finds others", path=path)
