"""Every case of the corpus: its record is what happened, as far as anybody could see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from machine import EXEC, Machine
from oracle import differences

if TYPE_CHECKING:
    from pathlib import Path

    from cases import Case
    from collector import Collector


def test_record_is_true(
    version: str, case: Case, way: str, ansible: Path, collector: Collector, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, ansible, collector)
    seen = machine.run(case, way)
    told = seen.printed.decode(errors="replace")
    assert seen.code == case.exit_on(version), told
    for text in case.prints:
        assert text in told, told
    if seen.loaded is None and way != EXEC:
        # Ansible gave up before it loads callbacks: nobody but a supervisor can know of the run.
        assert not collector.knows(seen.execution)
        return
    record = collector.record(seen.execution)
    found = differences(seen, record, version, supervised=way == EXEC)
    assert not found, "\n".join([*found, "", "It printed:", told])
