"""A parent that outlives its child: what it hears, says, does again, and ends with."""

import faulthandler
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reportgen.cli.supervision import Attempt, Stage, supervised

DROPPABLE = Stage("Where it looks", needed=False)


def end_well(arguments: list[int], attempt: Attempt) -> int:
    attempt.tell(Stage("Loading"))
    return arguments[0]


def crash_unless_lost(number: int, attempt: Attempt) -> int:
    if DROPPABLE.name in attempt.lost:
        os.write(1, attempt.lost[DROPPABLE.name].encode() + b"\n")
        return 6
    attempt.tell(DROPPABLE)
    faulthandler.disable()
    os.kill(os.getpid(), number)
    return 0


def crash_with_words(words: str, attempt: Attempt) -> int:
    attempt.tell(Stage("Loading TensorFlow"))
    assert attempt.native is not None
    Path(attempt.native).write_text(f"I0000 chatter\n{words}\n", encoding="utf-8")
    faulthandler.disable()
    os.abort()


def end_without_a_word(code: int, attempt: Attempt) -> int:
    attempt.tell(Stage("Loading the model"))
    os._exit(code)


def hang_unless_lost(seconds: float, attempt: Attempt) -> int:
    if DROPPABLE.name not in attempt.lost:
        attempt.tell(Stage(DROPPABLE.name, needed=False, seconds=seconds))
        threading.Event().wait()
    return 6


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_exit_code_is_the_childs(method):
    assert supervised(end_well, [3], method=method) == 3


def test_a_crash_costs_the_stage_that_it_is_in(capfd):
    assert supervised(crash_unless_lost, int(signal.SIGSEGV)) == 6
    out, error = capfd.readouterr()
    assert out == "Native code crashed here (SIGSEGV), so the report was made without it.\n"
    assert error == (
        "reportgen: native code crashed (SIGSEGV) in 'Where it looks'; the report is made again without it.\n"
    )


def test_what_the_system_kills_had_too_little_memory(capfd):
    assert supervised(crash_unless_lost, int(signal.SIGKILL)) == 6
    assert "ran out of memory here" in capfd.readouterr().out


def test_a_crash_in_a_stage_that_is_needed_is_told_with_what_libraries_wrote(capfd):
    assert supervised(crash_with_words, "free(): invalid pointer") == 70
    assert capfd.readouterr().err == (
        "reportgen: native code crashed (SIGABRT) while loading TensorFlow; nothing was written.\n"
        "  free(): invalid pointer\n"
    )


def test_memory_that_ran_out_in_native_code_has_its_exit_code(capfd):
    assert supervised(crash_with_words, "terminate called after throwing an instance of 'std::bad_alloc'") == 71
    assert capfd.readouterr().err.startswith("reportgen: this machine has too little memory for it. Received: native")


def test_a_process_that_ends_by_itself_is_no_failed_gate(capfd):
    assert supervised(end_without_a_word, 1) == 70
    assert "native code crashed (exit code 1) while loading the model" in capfd.readouterr().err


def test_a_stage_that_does_not_end_is_given_up(capfd):
    assert supervised(hang_unless_lost, 0.01) == 6
    assert "0 seconds passed in 'Where it looks'" in capfd.readouterr().err


def test_a_signal_is_forwarded_and_ends_the_program(tmp_path):
    code = (
        "import signal, sys, threading\n"
        "from reportgen.cli.signals import Terminated\n"
        "from reportgen.cli.supervision import Stage, supervised\n"
        "def work(arguments, attempt):\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        "        signal.pause()\n"
        "    except Terminated as error:\n"
        "        print(error, flush=True)\n"
        "        return error.exit_code\n"
        "sys.exit(supervised(work, None))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "terminated; nothing was written.\n"
    assert process.returncode == 143


CRASHING = """
import os, signal, sys
from reportgen.analyses import ANALYSES
from reportgen.cli.app import main

histograms = next(one for one in ANALYSES if one.name == "weight_histograms")
type(histograms).run = lambda *_: os.kill(os.getpid(), signal.SIGSEGV)
main(["build", sys.argv[1], "-o", "r.html", "--json", "r.json", "--quiet"])
"""


@pytest.mark.slow
def test_a_report_is_made_without_the_section_that_crashed(stored_weights, tmp_path):
    command = [sys.executable, "-c", CRASHING, stored_weights]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 6
    assert done.stdout == "r.html\n"
    assert done.stderr == (
        "reportgen: native code crashed (SIGSEGV) in 'Weights'; the report is made again without it.\n"
        "reportgen: without Weights, which failed; the page and the JSON say why.\n"
    )
    assert "Native code crashed here (SIGSEGV)" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json"]
