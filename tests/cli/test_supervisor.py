"""`serve` keeps its processes running, ends with them when told, and says what cannot be started."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import sys
from petition_app.cli.supervisor import supervise
commands = {str(number): [sys.executable, "-c", text] for number, text in enumerate(sys.argv[1:])}
sys.exit(supervise(commands))
"""
ENDLESS = "import time\ntime.sleep(600)"


SUICIDE = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"


def begin(log: Path, *programs: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen([sys.executable, "-c", PROGRAM, *programs], stdout=out, stderr=out)


def wait_for(path: Path, size: int) -> None:
    for _ in range(1000):
        if path.exists() and len(path.read_text()) >= size:
            return
        time.sleep(0.02)
    raise AssertionError(f"{path.name} never came")


def note(path: Path, more: str = "") -> str:
    """A program that writes one letter each time it is started."""
    return f"open({str(path)!r}, 'a').write('x')\n{more}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_two_that_end_by_the_signal_they_were_told_with_are_no_failure(tmp_path: Path, number: int) -> None:
    started = [tmp_path / "one", tmp_path / "two"]
    process = begin(tmp_path / "log", *(note(path, ENDLESS) for path in started))
    for path in started:
        wait_for(path, 1)
    process.send_signal(number)
    assert process.wait(30) == 0, (tmp_path / "log").read_text()
    assert (tmp_path / "log").read_text() == ""


def test_one_that_is_told_and_ends_badly_is_told_of(tmp_path: Path) -> None:
    bad = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
    started = tmp_path / "one"
    process = begin(tmp_path / "log", bad + note(started, ENDLESS), ENDLESS)
    wait_for(started, 1)
    process.terminate()
    assert process.wait(30) == 3


def test_one_that_cannot_be_started_ends_all_with_what_it_said(tmp_path: Path) -> None:
    process = begin(tmp_path / "log", "import sys\nsys.exit(4)", ENDLESS)
    assert process.wait(30) == 4


def test_one_that_ends_by_itself_is_started_again_after_a_pause_and_one_that_goes_on_is_left_alone(
    tmp_path: Path,
) -> None:
    killed, sound = tmp_path / "killed", tmp_path / "sound"
    third = f"import os.path\nif os.path.getsize({str(killed)!r}) > 2:\n    import time\n    time.sleep(600)\n"
    process = begin(tmp_path / "log", note(killed, third + SUICIDE), note(sound, ENDLESS))
    began = time.monotonic()
    wait_for(killed, 3)
    assert time.monotonic() - began > 3, "the pauses grow"
    process.terminate()
    assert process.wait(30) == 0
    assert sound.read_text() == "x"
    told = (tmp_path / "log").read_text()
    assert "The 0 has ended (signal 9); it is started again in 2 seconds." in told
    assert "again in 4 seconds." in told


def test_what_an_ended_process_left_behind_ends_before_it_is_started_again(tmp_path: Path) -> None:
    left, again = tmp_path / "left", tmp_path / "again"
    child = f"import time\nwhile True:\n    open({str(left)!r}, 'a').write('x')\n    time.sleep(0.05)"
    leaves = (
        f"import os, signal, subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n"
        f"time.sleep(1)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    first = f"import os.path\nif os.path.getsize({str(again)!r}) > 1:\n    import time\n    time.sleep(600)\n"
    process = begin(tmp_path / "log", note(again, first + leaves))
    wait_for(again, 2)
    size = len(left.read_text())
    time.sleep(0.5)
    assert len(left.read_text()) == size
    process.terminate()
    assert process.wait(30) == 0


def test_one_that_waits_to_be_started_again_when_all_are_told_to_end_says_nothing(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    process = begin(tmp_path / "log", note(killed, SUICIDE), ENDLESS)
    wait_for(tmp_path / "log", 10)
    process.terminate()
    assert process.wait(30) == 0
