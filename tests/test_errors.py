"""What a machine has too little of is told as such, wherever it shows."""

import errno

import pytest

from reportgen.errors import MachineError, ModelError, OutputError, lack_of, told_as_lack


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        (MemoryError("Unable to allocate 1.20 MiB"), "too little memory"),
        (OSError(errno.EMFILE, "Too many open files"), "too few file handles or threads"),
        (OSError(errno.ENOSPC, "No space left on device"), "too little room on a disk"),
        (OSError("Unable to open file (errno = 24, error message = 'Too many open files')"), "too few file handles or threads"),
        (ImportError("libtensorflow_cc.so.2: failed to map segment from shared object"), "too little memory"),
        (RuntimeError("can't start new thread"), "too few file handles or threads"),
        (OSError(errno.ENOENT, "No such file or directory"), ""),
        (ModelError("No space left on device has no weights."), ""),
        (KeyError("std::bad_alloc"), ""),
    ],
)  # fmt: skip
def test_a_lack_is_known_by_number_or_words(error, lack):
    assert lack_of(error) == lack


def test_a_model_is_not_blamed_for_a_machine_without_memory():
    with pytest.raises(MachineError) as caught, told_as_lack():
        raise ModelError("m.keras cannot be loaded.") from MemoryError("Unable to allocate 1.20 MiB")
    assert str(caught.value) == (
        "this machine has too little memory for it. Received: Unable to allocate 1.20 MiB. Close other programs, allow more "
        "(ulimit -v), or report on fewer samples."
    )
    assert caught.value.exit_code == 71


def test_a_report_that_finds_no_room_is_an_error_of_its_place():
    with pytest.raises(OutputError), told_as_lack():
        raise OutputError("no room") from OSError(errno.ENOSPC, "No space left on device")
