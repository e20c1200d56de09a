# ruff: noqa: T201  a script
"""Thousands of frames, some of them broken, through one `tenbit develop`: what it takes, and whether that grows.

    python tests/trials/soak.py                                              # 2 000 frames, 40 of them bad; minutes
    python tests/trials/soak.py --frames 1500 --every 0.2 --isolate always   # each read in a process of its own
    python tests/trials/soak.py --frames 1500 --every 0.2 --jobs 2

The process and those that it starts are looked at twice a second until the last file is told. The first 500 files are
warm-up, and left out: lanes start, and the allocator keeps what frames took for the next ones, until all lanes have had
the largest ones at once. The rest is cut into quarters by time. The verdict is that the memory of the last one is
within 5 % of that of the first, descriptors and threads are as many, nothing is left in the temporary folder, in
/dev/shm or beside the pictures, and the report, the manifest and the folder agree on what is done. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tenbit.pipeline import report as reports
from tenbit.pipeline.manifest import NAME
from tenbit.pipeline.sample import make

SIZES = ((480, 640), (600, 800), (768, 1024), (864, 1152))
DISTINCT = 24
WARM_UP = 500
MOST_GROWTH = 0.05
BAD = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bad"


@dataclass(frozen=True)
class Seen:
    """The process and all that it started, at one moment.

    Parameters
    ----------
    time_s : float
        Since it was started.
    told : int
        Files in the report.
    rss, own : int
        Bytes: resident, of the first process; of all of them, without pages of files, which others may have mapped too.
    descriptors, threads, processes : int
    parts : int
        Files in the temporary folder, and hidden ones beside the pictures.
    shared : tuple of Path
        Files of /dev/shm that are mapped.
    """

    time_s: float
    told: int
    rss: int
    own: int
    descriptors: int
    threads: int
    processes: int
    parts: int
    shared: tuple[Path, ...]


def main() -> int:
    """Exit status: 0 when all of the verdict holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.02, help="of bad files among them (default: 0.02)")
    parser.add_argument("--bad", type=Path, default=BAD, help="folder of malformed files; made here where it is absent")
    parser.add_argument("--chain", default="standard")
    parser.add_argument("--format", default="jpg")
    parser.add_argument("--isolate", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--retries", type=int, default=0)
    parser.add_argument("--every", type=float, default=0.5, metavar="S", help="seconds between looks (default: 0.5)")
    parser.add_argument("--json", type=Path, help="where all that was seen is written to")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as text:
        folder = Path(text)
        bad = prepare(folder, asked.frames, round(asked.frames * asked.share), asked.bad)
        code, seen = watched(command(asked), folder, asked.every)
        if asked.json:
            asked.json.write_text(json.dumps([vars(one) for one in seen], default=str), "utf-8")
        # Others use /dev/shm too: what counts is what this tree has had open there.
        left = {path for one in seen for path in one.shared if path.exists()} | set((folder / "tmp").iterdir())
        faults = [*judged(seen), *counted(folder, asked, bad, code)]
        faults += [f"left behind: {path}" for path in sorted(left)]
    for fault in faults:
        print(f"NOT MET  {fault}")
    if not faults:
        print("all is met")
    return 1 if faults else 0


def prepare(folder: Path, frames: int, bad: int, malformed: Path) -> frozenset[str]:
    """Raw files under as many names in ``in``, some of them malformed; returns the names of those."""
    for name in ("in", "made", "tmp"):
        (folder / name).mkdir()
    good = []
    for seed in range(DISTINCT):
        rows, cols = SIZES[seed % len(SIZES)]
        good += make(folder / "made" / f"{seed}.dng", rows=rows, cols=cols, seed=seed, truth=False)
    broken = (
        sorted(path for path in malformed.iterdir() if path.is_file())
        if malformed.is_dir()
        else malformed_here(folder, good)
    )
    chance = random.Random(1)
    every, names = frames // max(bad, 1), set[str]()
    for number in range(frames):
        if number % every == every // 2 and len(names) < bad:
            # Spread over the folder, where there are more than are wanted.
            path = broken[len(names) * max(len(broken) // bad, 1) % len(broken)]
            shutil.copyfile(path, folder / "in" / (name := f"{number:05d}{path.suffix}"))
            names.add(name)
        else:
            # In no order: lanes meet frames of one size soon, not once in a thousand files.
            os.link(chance.choice(good), folder / "in" / f"{number:05d}.dng")
    return frozenset(names)


def own_memory(pid: int) -> int:
    """Bytes of a process that are of no file."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def mapped(pid: int) -> set[Path]:
    """Files of /dev/shm that a process has mapped."""
    lines = Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines()
    return {Path(line[line.index("/dev/shm/") :]) for line in lines if "/dev/shm/" in line}


def malformed_here(folder: Path, good: Sequence[Path]) -> list[Path]:
    """Malformed files, where nobody gives any: cut off, flipped within their directory, empty, noise."""
    content = good[0].read_bytes()
    made = {
        "cut": content[: len(content) // 2],
        "head": content[:200],
        "flipped": content[:4] + bytes(255 - byte for byte in content[4:64]) + content[64:],
        "empty": b"",
        "noise": bytes(range(7, 256)) * 40,
        "text": b"no picture\n",
    }
    for name, data in made.items():
        (folder / "made" / name).write_bytes(data)
    return [folder / "made" / name for name in made]


def command(asked: argparse.Namespace) -> list[str]:
    """The batch that is looked at."""
    options = [f"--{name}={getattr(asked, name)}" for name in ("chain", "isolate", "jobs", "retries")]
    names = ["in/*", "-o", f"out/{{stem}}.{asked.format}", "--resume", "--report", "r.jsonl", "--device=cpu"]
    return [sys.executable, "-m", "tenbit.cli", "develop", *names, *options]


def watched(order: list[str], folder: Path, every_s: float) -> tuple[int, list[Seen]]:
    """Run it to its end, looking on; its exit status, and what was seen."""
    seen = []
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    with (folder / "lines").open("wb") as lines:
        began = time.monotonic()
        process = subprocess.Popen(order, cwd=folder, env=environment, stdout=lines, stderr=lines)
        try:
            first = psutil.Process(process.pid)
            while process.poll() is None:
                with contextlib.suppress(psutil.Error, OSError):  # one that ends while it is looked at
                    seen.append(look(first, folder, time.monotonic() - began))
                time.sleep(every_s)
        finally:
            process.kill()
    return process.wait(), seen


def look(first: psutil.Process, folder: Path, time_s: float) -> Seen:
    """What a process and its children have now."""
    every = [first, *first.children(recursive=True)]
    report = folder / "r.jsonl"
    hidden = [path for path in (folder / "out").glob(".*") if path.name != NAME]
    temporary = list((folder / "tmp").iterdir())
    return Seen(
        time_s,
        report.read_bytes().count(b'"input"') if report.exists() else 0,
        first.memory_info().rss,
        sum(own_memory(one.pid) for one in every),
        sum(one.num_fds() for one in every),
        sum(one.num_threads() for one in every),
        len(every),
        len(hidden) + len(temporary),
        tuple({path for one in every for path in mapped(one.pid)}),
    )


def judged(seen: Sequence[Seen]) -> Iterator[str]:
    """What grew; a table of all is printed."""
    told = seen[-1].told
    steady = [one for one in seen if one.told >= WARM_UP and one.told < told]
    if len(steady) < 20:
        yield f"{len(steady)} looks behind the warm-up are too few to judge: give it more --frames"
        return
    quarters = [steady[n * len(steady) // 4 : (n + 1) * len(steady) // 4] for n in range(4)]
    took = seen[-1].time_s
    print(f"{told} files in {took:.0f} s, {len(seen)} looks, of which {len(seen) - len(steady)} are warm-up and end")
    print(f"{'mean of':16}{'quarter 1':>10}{'2':>10}{'3':>10}{'4':>10}{'4 / 1':>9}{'most':>10}")
    units = {"rss": (2**20, "MiB"), "own": (2**20, "MiB")}
    for name in ("rss", "own", "descriptors", "threads", "processes", "parts"):
        unit, word = units.get(name, (1, ""))
        means = [statistics.fmean(getattr(one, name) for one in quarter) / unit for quarter in quarters]
        most = max(getattr(one, name) for one in seen) / unit
        growth = means[3] / means[0] - 1 if means[0] else 0.0
        row = "".join(f"{mean:10.1f}" for mean in means)
        print(f"{f'{name} {word}':16}{row}{growth:+9.1%}{most:10.1f}")
        if word and abs(growth) > MOST_GROWTH:
            yield f"{name}: the last quarter has {growth:+.1%} of the first one's, at most {MOST_GROWTH:.0%} is allowed"
        # Files that are open come and go with the lanes; one that stays open for each bad file would show.
        if name in ("descriptors", "threads", "processes") and means[3] - means[0] > 1:
            yield f"{name}: {means[0]:.1f} in the first quarter, {means[3]:.1f} in the last"


def counted(folder: Path, asked: argparse.Namespace, bad: frozenset[str], code: int) -> Iterator[str]:
    """Where report, manifest and folder disagree with what was given."""
    good = asked.frames - len(bad)
    told = reports.read(folder / "r.jsonl")
    counts = Counter(record["status"] for record in told.files)
    failed = {Path(record["input"]).name for record in told.files if record["status"] == "failed"}
    end = {name: (told.end or {}).get(name) for name in ("done", "failed", "skipped", "interrupted")}
    pictures = {path.name: path.stat().st_size for path in (folder / "out").glob("[!.]*")}
    lines = (folder / "out" / NAME).read_text("utf-8").splitlines()[1:]
    noted = {name: size for line in lines for name, size in json.loads(line)["files"].items()}
    kinds = Counter(record["error_class"] for record in told.files if record["status"] == "failed")
    print(f"{counts['done']} done, {counts['failed']} failed ({dict(kinds)}); {len(lines)} lines in the manifest")
    slowest = sorted((r for r in told.files if r["status"] == "failed"), key=lambda r: -r["seconds"])[:3]
    print("slowest of those that failed: " + ", ".join(f"{r['seconds']:.2f} s ({r['error']})" for r in slowest))
    if counts != Counter(done=good, failed=len(bad)) or failed != bad:
        yield f"the report has {dict(counts)}, of {good} good files and {len(bad)} bad ones"
    if end != {"done": good, "failed": len(bad), "skipped": 0, "interrupted": False}:
        yield f"the report ends with {end}"
    if len(pictures) != good or {Path(name).stem for name in pictures} & {Path(name).stem for name in bad}:
        yield f"{len(pictures)} pictures of {good} good files"
    if len(lines) != good or noted != pictures:
        yield f"the manifest has {len(lines)} lines, of pictures that differ from those that are there"
    if code != (1 if bad else 0):
        yield f"exit status {code}: {(folder / 'lines').read_text('utf-8')[-500:]}"
    for record in told.files:
        tries = 1 + asked.retries * (record["error_class"] not in (None, "UnsupportedError"))
        if record["error_class"] == "internal" or "\n" in (record["error"] or ""):
            yield f"{record['input']}: {record['error_class']}: {record['error']}"
        elif record["attempts"] != tries:
            yield f"{record['input']}: {record['attempts']} tries, not {tries}"


if __name__ == "__main__":
    sys.exit(main())
