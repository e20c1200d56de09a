"""Where observations are made: the process, its machine and its code."""

from __future__ import annotations

import socket
import uuid
from functools import cache
from typing import Any

from tenbit.pipeline.doctor import versions
from tenbit.pipeline.profile.machine import commit, machine


@cache
def run_id() -> str:
    """Tells this process from all others."""
    return uuid.uuid4().hex[:12]


def place() -> dict[str, Any]:
    """All that is known of it, fit for JSON."""
    found = machine()
    return {**here(), "machine": found, "versions": versions(), **_named(found)}


def here(worker: str | None = None) -> dict[str, Any]:
    """What every observation says."""
    return {"run": run_id(), "host": socket.gethostname(), "worker": worker}


def _named(found: dict[str, Any]) -> dict[str, Any]:
    return {"cpu": found["cpu"], "cores": found["cores_usable"], "commit": commit()}
