"""While a run is in progress, its record says which host runs which task, and the results of each host so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from machine import GATES, LIVE, PLAYBOOKS, Machine, Running, eventually
from oracle import described, differences, recap_counts, running

if TYPE_CHECKING:
    from pathlib import Path

    from collector import Collector


def test_record_says_what_runs_now(
    each_version: str, gate: str, ansible: Path, collector: Collector, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, ansible, collector)

    def look(run: Running) -> None:
        scratch = machine.scratch
        for host in GATES[gate]:
            run.until(f"{host} is at the gate", (scratch / f"reached.{host}").exists)
        eventually("the record to say what runs", lambda: not wrong(machine, collector, run))
        (scratch / "open").touch()

    command = ["ansible-playbook", "-i", "hosts", f"gates/{gate}.yml"]
    try:
        seen = machine.execute(command, LIVE, PLAYBOOKS, meanwhile=look)
    finally:
        (machine.scratch / "open").touch()
    found = differences(seen, collector.record(seen.execution), each_version, supervised=False)
    assert not found, "\n".join(found)


def wrong(machine: Machine, collector: Collector, run: Running) -> bool:
    """Whether the record, as it stands, is anything but what the witness saw so far."""
    if not collector.knows(run.execution):
        return True
    base = f"/executions/{run.execution}"
    detail = collector.json(base)
    tasks = {task["task"]: described(task) for task in collector.pages(f"{base}/tasks", "tasks")}
    at_work = {
        host["name"]: tasks.get(host["running_task"])
        for host in collector.pages(f"{base}/hosts", "hosts")
        if "running_task" in host
    }
    hooks = machine.hooks()
    return bool(
        detail["status"] != "running"
        or at_work != running(hooks)
        or detail["stats"] != recap_counts(hooks, rescued_by(hooks))
    )


def rescued_by(hooks: list[dict[str, Any]]) -> set[str]:
    """Tasks whose failure a rescue handles: named so in the playbooks here."""
    return {hook["uuid"] for hook in hooks if hook["hook"] == "task" and hook["name"] == "Rescued"}
