"""An output is complete or absent."""

import errno
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.images.atomic import replaced


@pytest.fixture(params=["nameless", "hidden"], autouse=True)
def kind(request, monkeypatch):
    """Both ways to keep what is not whole out of sight."""
    if request.param == "hidden":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("files without a name are Linux's")
    return request.param


def test_the_file_appears_with_its_folders_when_the_body_is_done(tmp_path, kind):
    path = tmp_path / "a" / "b" / "out.bin"
    with replaced(path) as handle:
        handle.write(b"new")
        assert not path.exists()
        assert len(list(path.parent.glob(".out.bin.*.part"))) == (kind == "hidden")
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["out.bin"]


def test_who_reads_the_old_file_goes_on_reading_it(tmp_path):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        with replaced(path) as handle:
            handle.write(b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [RuntimeError("encoder"), KeyboardInterrupt()])
def test_an_interrupted_body_keeps_the_old_file(tmp_path, error):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    with pytest.raises(type(error)), replaced(path) as handle:
        handle.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.bin"]


def test_what_a_killed_process_left_goes_when_the_file_is_written_again(tmp_path, monkeypatch):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit), replaced(path) as handle:
        patch.setattr(Path, "replace", killed)
        handle.write(b"new")
    assert path.read_bytes() == b"old"
    with replaced(path) as handle:
        handle.write(b"newer")
    assert path.read_bytes() == b"newer"
    assert [p.name for p in tmp_path.iterdir()] == ["out.bin"]


def test_two_that_write_one_file_at_once_leave_one_of_both(tmp_path):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def write(content):
        for _ in range(50):
            with replaced(path) as handle:
                handle.write(content)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, bytes([65 + n]) * 9) for n in range(4)]:
            done.result()
    assert path.read_bytes() in [bytes([65 + n]) * 9 for n in range(4)]
    assert [p.name for p in tmp_path.iterdir()] == ["out.bin"]


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    path = tmp_path / "out.bin"
    with (
        pytest.raises(WriteError, match=r"out\.bin: cannot be written: No space left on device"),
        replaced(path) as handle,
    ):
        handle.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_told_when_only_the_closing_flush_meets_it(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: opened(Path("/dev/full"), "wb"))
    path = tmp_path / "out.bin"
    with pytest.raises(WriteError, match="No space left on device"), replaced(path) as handle:
        handle.write(b"x")
    assert not path.exists()


def test_a_file_where_a_folder_should_be_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="cannot be written: "), replaced(tmp_path / "file" / "out.bin"):
        pytest.fail("the body must not run")


def test_a_folder_of_that_name_is_told(tmp_path):
    (tmp_path / "out.bin").mkdir()
    with pytest.raises(WriteError, match="cannot be written: "), replaced(tmp_path / "out.bin") as handle:
        handle.write(b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["out.bin"]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions of this kind are POSIX's")
def test_a_folder_without_permission_is_told():
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        try:
            if user == 0:
                os.seteuid(65534)  # root may write everywhere; nobody may not
            with pytest.raises(WriteError, match="Permission denied"), replaced(folder / "out.bin"):
                pytest.fail("the body must not run")
        finally:
            os.seteuid(user)
            folder.chmod(0o755)
        assert list(folder.iterdir()) == []


def test_the_longest_name_a_file_system_takes_is_written(tmp_path):
    path = tmp_path / ("é" * 125 + ".bin")  # 254 bytes
    with replaced(path) as handle:
        handle.write(b"x")
    assert path.read_bytes() == b"x"


def test_the_file_gets_the_usual_permissions(tmp_path):
    with replaced(tmp_path / "out.bin") as handle:
        handle.write(b"x")
    (tmp_path / "plain").write_bytes(b"x")
    assert (tmp_path / "out.bin").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.EISDIR])
def test_a_file_system_without_nameless_files_gets_a_hidden_one(tmp_path, monkeypatch, code, kind):
    opened = os.open

    def refused(path, flags, *rest, **more):
        if kind == "nameless" and flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(code, os.strerror(code))
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refused)
    with replaced(tmp_path / "out.bin") as handle:
        handle.write(b"x")
        assert len(list(tmp_path.glob(".out.bin.*.part"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.bin"]
