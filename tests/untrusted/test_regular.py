"""What a user names is opened only where it is a file: a named pipe would be waited for, and a device never ends."""

import os
import signal
from pathlib import Path

import pytest

from reportgen.cli.app import run
from reportgen.errors import SamplesError
from reportgen.samples.files import existing_path
from reportgen.untrusted.regular import kind_of, read_regular

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make a named pipe in the working folder; whoever waits for its writer is woken after ten seconds, and fails."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")

    def woken(number: int, frame: object) -> None:
        raise AssertionError("it waits for the pipe's writer")

    earlier = signal.signal(signal.SIGALRM, woken)
    signal.alarm(10)
    yield tmp_path / "pipe"
    signal.alarm(0)
    signal.signal(signal.SIGALRM, earlier)


def test_a_file_is_read_up_to_a_length(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert (read_regular(tmp_path / "a"), read_regular(tmp_path / "a", most=2)) == (b"abc", b"ab")


def test_samples_labels_and_class_names_say_what_to_do(pipe):
    for option in ("--samples", "--labels", "--class-names"):
        with pytest.raises(SamplesError) as raised:
            existing_path("pipe", option)
        assert str(raised.value) == (
            f"{option} must be a regular file or a folder. Received: pipe, which is a named pipe (FIFO). Write its content to a "
            "file first."
        )


def test_what_is_no_file_is_named(pipe):
    assert (kind_of(pipe.stat().st_mode), kind_of(Path("/dev/null").stat().st_mode)) == (
        "a named pipe (FIFO)", "a character device",
    )  # fmt: skip
    with pytest.raises(OSError, match="a named pipe"):
        read_regular(pipe)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["verify", "pipe"], 2),
        (["build", "pipe"], 3),
        (["inspect", "pipe"], 3),
        (["compare", "pipe", "pipe"], 3),
        (["build", "w.weights.h5", "--history", "pipe"], 2),
        (["build", "w.weights.h5", "--config", "pipe"], 2),
        (["build", "w.weights.h5", "--architecture", "pipe"], 3),
        (["build", "w.weights.h5", "--before", "pipe"], 3),
        (["build", "w.weights.h5", "--custom-objects", "./pipe"], 3),
        (["rules", "--config", "pipe"], 2),
        (["batch", "pipe.toml"], 2),
        (["index", "folder"], 2),
    ],
)
def test_a_named_pipe_is_refused_in_one_line_by_whatever_takes_a_file(pipe, stored_weights, capfd, arguments, code):
    Path("w.weights.h5").symlink_to(stored_weights)
    os.mkfifo("pipe.toml")
    Path("folder").mkdir()
    os.mkfifo("folder/a.json")
    assert run(arguments) == code
    out, error = capfd.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert error.startswith("reportgen: ")
    assert not Path("report.html").exists()
