"""Every case of the corpus: its record agrees with all witnesses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cases import SECRET, Case
from machine import EXEC, Machine
from oracle import differences

if TYPE_CHECKING:
    from pathlib import Path

    from collector import Collector, Record
    from machine import Seen


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
        # Ansible ended before it loads callbacks: only a supervisor can record the run.
        assert not collector.knows(seen.execution)
        return
    record = collector.record(seen.execution)
    found = differences(seen, record, version, supervised=way == EXEC)
    assert not found, "\n".join([*found, "", "It printed:", told])
    assert not leaks(seen, record, collector)


def leaks(seen: Seen, record: Record, collector: Collector) -> list[str]:
    """The places in which the marker of a secret, or the token, is found; there must be none."""
    places = {
        "the spool": seen.spooled.decode(),
        "the record": json.dumps([vars(record)], ensure_ascii=False),
        "the stream": collector.streamed(seen.execution).decode(),
        "the list": collector.get("/executions?limit=50").decode(),
        "the collector's log": collector.log.read_text(),
    }
    return [
        f"{name}: …{text[max(0, at - 200) : at + 200]}…"
        for name, text in places.items()
        for secret in (SECRET, collector.ingest, collector.read)
        if (at := text.find(secret)) >= 0
    ]
