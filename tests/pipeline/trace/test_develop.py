"""A batch that is traced by the command."""

import json
import os
import pstats
import signal

import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline.trace.events import HEAD


def develop(*arguments):
    """One run of the chain of the tests."""
    result = CliRunner().invoke(commands, ["develop", "-c", "small.yaml", *arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def test_a_batch_with_a_broken_file(raw, read_trace):
    (raw.parent / "b.dng").write_bytes(raw.read_bytes())
    (raw.parent / "cut.dng").write_bytes(raw.read_bytes()[:1000])
    recorded = ["--trace", "t.json", "--cprofile", "c.prof"]
    result = develop("a.dng", "cut.dng", "b.dng", "-o", "out/{stem}.{ext}", *recorded)
    assert result.exit_code == 1
    trace = read_trace(raw.parent / "t.json")
    files = trace.of("file", "tenbit-lane")
    assert sorted(file["name"] for file in files) == ["a.dng", "b.dng", "cut.dng"]
    for file in files:
        # Bands are a pool's, where a frame has more than one thread.
        inside = trace.inside(file) - {"band", "load", "compile"}
        assert inside == ({"read"} if file["name"] == "cut.dng" else {"read", "plan", "develop", "pass", "write"})
    (broken,) = [one for one in trace.spans if "error" in one["args"]]
    assert (broken["cat"], broken["args"]["file"]) == ("read", "cut.dng")
    assert broken["args"]["error"].startswith("ReadError: cut.dng: ")
    assert trace.of("band")
    flying = [one["args"]["files"] for one in trace.counters if one["name"] == "files under way"]
    assert (len(flying), flying[-1], max(flying) <= 3) == (6, 0, True)
    assert all(one["args"]["resident MiB"] > 1 for one in trace.counters if one["name"] == "memory")
    named = {name for _, _, name in pstats.Stats(str(raw.parent / "c.prof")).stats}
    assert {"put_down", "write_jpeg", "_in_order"} <= named


def test_an_interrupted_batch_leaves_its_trace(raw, read_trace, monkeypatch):
    from tenbit.pipeline.batch import one

    write = one.write

    def stopped(*arguments, **more):
        os.kill(os.getpid(), signal.SIGINT)
        write(*arguments, **more)

    monkeypatch.setattr(one, "write", stopped)
    result = develop("a.dng", "--trace", "t.json")
    assert result.exit_code == 130
    trace = read_trace(raw.parent / "t.json")
    assert [file["name"] for file in trace.of("file")] == ["a.dng"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--trace", "a.dng"], "--trace: a.dng exists and is no .json; give the trace a name of its own"),
        (["-o", "a.png", "--trace", "a.png"], "--trace: a.png is an output; give the trace a name of its own"),
        (["--cprofile", "small.yaml"], "--cprofile: small.yaml exists and is no .prof or .pstats; give the cprofile a"),
        (["--trace", "t.json", "--report", "./t.json"], "--report, --trace and --cprofile need a file each"),
        (["--trace", "small.yaml/t.json"], "trace: small.yaml/t.json: cannot be written: "),
        (["--trace", f"{'x' * 300}.json"], ".json: cannot be written: File name too long"),
        (["--trace", "t.json", "-j", "2"], "are of one process: leave out --jobs and --cluster"),
        (["--nvtx", "--cluster", "local:2"], "are of one process: leave out --jobs and --cluster"),
    ],
)
def test_what_cannot_be_recorded_ends_before_any_file_is_touched(arguments, said, raw):
    result = develop("a.dng", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert sorted(path.name for path in raw.parent.iterdir()) == ["a.dng", "small.yaml"]


def test_an_earlier_trace_is_replaced_and_a_dry_run_writes_none(raw):
    assert develop("a.dng", "--trace", "t.json", "--dry-run").exit_code == 0
    assert not (raw.parent / "t.json").exists()
    (raw.parent / "t.json").write_text("{}", "utf-8")
    refused = develop("a.dng", "--trace", "t.json")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "--trace: t.json exists and is no trace; give it a name of its own\n",
    )
    (raw.parent / "t.json").write_bytes(HEAD)
    assert develop("a.dng", "--trace", "t.json").exit_code == 0
    assert json.loads((raw.parent / "t.json").read_text("utf-8"))["traceEvents"]
