"""Array scripts for Slurm, run by a stand-in for sbatch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.farm import slurm
from tenbit.pipeline.farm.slurm import Schedule
from tenbit.pipeline.farm.wanted import Wanted
from tenbit.pipeline.shots import shard

pytestmark = pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="needs bash")
# Runs the script at once for every task of the array that the arguments, or else the script's own lines, ask for.
SBATCH = """#!/bin/bash
echo "sbatch $*" >> "$TOLD"
array=$(sed -n 's/^#SBATCH --array=\\([0-9,-]*\\).*/\\1/p' job.sh)
while [[ "$1" == --* ]]; do
    [[ "$1" == --array=* ]] && array=${1#--array=}
    shift
done
if [[ "$array" == *-* ]]; then ids=$(seq "${array%-*}" "${array#*-}"); else ids=${array//,/ }; fi
for id in $ids; do SLURM_ARRAY_TASK_ID=$id SLURM_ARRAY_TASK_COUNT=$(wc -w <<< "$ids") bash "$@" || exit 7; done
echo "42;cluster"
"""
TENBIT = """#!/bin/bash
printf '%s\\n' "tenbit $1" "${@:2}" >> "$TOLD"
"""
HOSTILE = ("a b.dng", 'it\'s "q" $(touch x).dng', "`touch x`.dng", "-d.dng", "@x.dng", "{x}\\.dng", "!!.dng", "*.dng")


def wanted(*names: str, **more: Any) -> Wanted:
    return Wanted("small.yaml", names, tuple(map(Path, names)), "out/{stem}.{ext}", **more)


@pytest.fixture
def farm(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an sbatch and a tenbit that tell what they are called with."""
    for name, text in (("sbatch", SBATCH), ("tenbit", TENBIT)):
        (here / "bin").mkdir(exist_ok=True)
        (here / "bin" / name).write_text(text, "utf-8")
        (here / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{here / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("TOLD", str(here / "told"))
    return here


def run(*command: str) -> tuple[str, list[list[str]]]:
    """What a command says, and the lines that sbatch and tenbit were called with since."""
    Path("told").unlink(missing_ok=True)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    calls: list[list[str]] = []
    for line in Path("told").read_text("utf-8").splitlines():
        if line.startswith(("tenbit ", "sbatch ")):
            calls.append([])
        calls[-1].append(line)
    return done.stdout, calls


def test_the_script_submits_itself_and_a_merge_behind_it(farm: Path) -> None:
    slurm.write(Path("job.sh"), wanted(*HOSTILE), Schedule(tasks=3, at_most=2))
    said, calls = run("bash", "job.sh")
    assert said == "tasks: 42, merge: 42\n"
    first, *tasks, second, last = calls
    assert first == ["sbatch --parsable job.sh"]
    assert second[0].startswith("sbatch --parsable --dependency=afterany:42 --array=0 ")
    assert last == [
        *(
            "tenbit farm",
            "merge",
            f"{farm}/reports",
            f"--output={farm}/reports/merged.jsonl",
            f"--expect={len(HOSTILE)}",
        ),
    ]
    assert len(tasks) == 3
    for number, (command, *arguments) in enumerate(tasks):
        assert command == "tenbit develop"
        assert arguments[: len(HOSTILE)] == [f"{farm}/{name}" for name in HOSTILE]
        assert {f"--chain={farm}/small.yaml", f"--output={farm}/out/{{stem}}.{{ext}}", "--resume"} <= set(arguments)
        assert arguments[-2:] == [f"--shard={number}/3", f"--report={farm}/reports/{number}.jsonl"]
    pieces = [shard.part(HOSTILE, task[-2].partition("=")[2]) for task in tasks]
    assert sorted(name for piece in pieces for name in piece) == sorted(HOSTILE)
    assert not (farm / "x").exists()


def test_a_task_submitted_once_more_is_the_same_files(farm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_RESTART_COUNT", raising=False)
    slurm.write(Path("job.sh"), wanted(*"abcd"), Schedule(tasks=4))
    _, calls = run("sbatch", "--array=1,3", "job.sh")
    assert [call[-2] for call in calls[1:]] == ["--shard=1/4", "--shard=3/4"]
    # Requeued, it leaves the report of its first run.
    monkeypatch.setenv("SLURM_RESTART_COUNT", "2")
    _, calls = run("sbatch", "--array=3", "job.sh")
    assert calls[1][-2:] == ["--shard=3/4", f"--report={farm}/reports/3.2.jsonl"]


def test_a_signal_is_tenbits_and_its_exit_code_the_tasks(farm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = "#!/bin/bash\ntrap 'exit 143' TERM\ntouch begun\nwhile :; do sleep 0.02; done\n"
    (farm / "waits").write_text(waits, "utf-8")
    (farm / "waits").chmod(0o755)
    monkeypatch.setenv("TENBIT_COMMAND", str(farm / "waits"))
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "0")
    slurm.write(Path("job.sh"), wanted("a"), Schedule())
    deadline = time.monotonic() + 60
    with subprocess.Popen(["bash", "job.sh"]) as task:
        while not (farm / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        task.terminate()
    assert task.returncode == 143


def test_slurm_is_asked_for_what_is_wanted(here: Path) -> None:
    asked = Schedule(tasks=8, at_most=4, time="1-00:00:00", cpus=4, partition="gpu,long", memory="4G")
    lines = slurm.script(wanted(*"abcdefghij", device="cuda"), asked).splitlines()
    assert [line for line in lines if line.startswith("#SBATCH")] == [
        "#SBATCH --job-name=tenbit-small-a-and-9-more",
        "#SBATCH --array=0-7%4",
        "#SBATCH --partition=gpu,long",
        "#SBATCH --time=1-00:00:00",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --mem=4G",
        "#SBATCH --gres=gpu:1",
        "#SBATCH --signal=B:TERM@60",
        "#SBATCH --open-mode=append",
        "#SBATCH --requeue",
    ]
    assert "--gres=gpu:2" in slurm.script(wanted("a", device="cuda"), Schedule(gpus=2))
    assert "--gres=gpu" not in slurm.script(wanted("a"), Schedule())


@pytest.mark.parametrize(("files", "asked", "array"), [(1, None, "0-0"), (120, None, "0-2"), (2, 5, "0-1")])
def test_there_are_as_many_tasks_as_files_need(files: int, asked: int | None, array: str, here: Path) -> None:
    names = [f"{n}.dng" for n in range(files)]
    assert f"#SBATCH --array={array}\n" in slurm.script(wanted(*names), Schedule(tasks=asked))


def test_frames_and_options_are_handed_on(here: Path) -> None:
    (here / "l.yaml").touch()
    options = (("--lens", Path("l.yaml")), ("--set", "tone.curve=linear"), ("--long", ""))
    shot = Wanted("fast", ("A_####.dng",), tuple(map(Path, "abc")), "out", frames=(1, 2, 5), options=options)
    text = slurm.script(shot, Schedule())
    given = text.split("options=(\n")[1].split("\n)")[0].split()
    assert given[1:] == [
        *(f"'--output={here}/out/{{stem}}.{{ext}}'", "--device=auto", "--frames=1-2,5"),
        *(f"--lens={here}/l.yaml", "--set=tone.curve=linear", "--long"),
    ]


@pytest.mark.parametrize(
    ("name", "schedule", "said"),
    [
        ("a", Schedule(time="1 hour"), "--time '1 hour': letters, digits and . , : + - only"),
        ("a", Schedule(partition="x\n#SBATCH --uid=0"), "--partition 'x\\n#SBATCH --uid=0': letters"),
        ("a\nb", Schedule(), "a\\nb: no job file can carry such a name"),
    ],
)
def test_what_no_script_can_carry_is_refused(name: str, schedule: Schedule, said: str, here: Path) -> None:
    with pytest.raises(RequestError) as error:
        slurm.write(here / "job.sh", wanted(name), schedule)
    assert said in str(error.value)
    assert not (here / "job.sh").exists()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="apt-get install shellcheck")
def test_shellcheck_has_nothing_to_say(here: Path) -> None:
    slurm.write(Path("job.sh"), wanted("a b.dng", "c.dng", device="cuda"), Schedule(time="1:00"))
    done = subprocess.run(["shellcheck", "job.sh"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
