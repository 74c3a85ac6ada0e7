"""Exit codes, signals, and forked workers."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import also

if TYPE_CHECKING:
    from conftest import Site

OK = "- hosts: web1\n  gather_facts: false\n  tasks: [{ping: }]\n"
FAILS = "- hosts: web1\n  gather_facts: false\n  tasks: [{fail: }]\n"
UNREACHABLE = "- hosts: gone\n  gather_facts: false\n  tasks: [{ping: }]\n"
NO_HOSTS = "- hosts: nobody\n  tasks: [{ping: }]\n"
SLEEPS = """
- hosts: web1
  gather_facts: false
  tasks: [{name: sleep, shell: "touch {{ playbook_dir }}/asleep && sleep 60"}]
"""


@pytest.mark.parametrize(
    ("play", "code"),
    [also(OK, 0), (FAILS, 2), also(UNREACHABLE, 4), (NO_HOSTS, None)],
    ids=["ok", "fails", "unreachable", "no hosts"],
)
def test_the_exit_code_is_the_one_that_the_shell_sees(site: Site, play: str, code: int | None) -> None:
    run = site.play(play)
    if code is not None:
        assert run.code == code, run.printed.decode()
    if run.events:
        assert run.events[-1]["kind"] == "execution_ended"
        assert run.events[-1]["data"] == {"exit_code": run.code}
    else:
        # Ansible ended before it loaded any plugin.
        assert code is None


def test_an_error_of_ansible_itself(site: Site) -> None:
    site.write("good.yml", OK)
    site.write("bad.yml", "- hosts: web1\n  roles: [missing]\n")
    run = site.run("ansible-playbook", "good.yml", "bad.yml")
    assert run.code == 1, run.printed.decode()
    assert run.events[-1]["data"] == {"exit_code": 1}


def sleeping(site: Site) -> subprocess.Popen[bytes]:
    """Starts a playbook that sleeps; returns the process once a worker runs."""
    site.write("site.yml", SLEEPS)
    process = site.start("ansible-playbook", "site.yml")
    # Not before: if a signal reaches a worker while it starts, Ansible itself prints a traceback.
    site.wait_for((site.folder / "asleep").exists)
    return process


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


def test_an_interruption_ends_with_99(site: Site) -> None:
    process = sleeping(site)
    process.send_signal(signal.SIGINT)
    run = site.finish(process)
    assert run.code == 99
    assert run.one("execution_ended")["exit_code"] == 99
    assert b"User interrupted execution" in run.printed
    assert run.text.endswith(run.printed.decode().splitlines()[-1] + "\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, also(signal.SIGHUP)])
def test_a_signal_is_recorded_and_passed_on(site: Site, number: signal.Signals) -> None:
    process = sleeping(site)
    process.send_signal(number)
    run = site.finish(process)
    assert run.code == -number
    assert run.events[-1]["kind"] == "execution_ended"
    assert run.events[-1]["data"] == {"signal": number}


def test_a_worker_that_gets_a_signal_dies_without_touching_the_record(site: Site) -> None:
    process = sleeping(site)
    for worker in children(process.pid):
        os.kill(worker, signal.SIGTERM)
    # Ansible handles a dead worker; what matters is that the worker wrote nothing.
    process.terminate()
    run = site.finish(process)
    assert [event["kind"] for event in run.events].count("execution_ended") == 1


def test_kill_9_leaves_whole_lines(site: Site) -> None:
    process = sleeping(site)
    process.kill()
    run = site.finish(process)
    assert run.code == -signal.SIGKILL
    assert run.of("host_started")
    assert run.of("execution_ended") == []


def test_a_worker_holds_nothing_of_the_spool(site: Site) -> None:
    process = sleeping(site)
    spool = str(site.spools()[0])

    def open_files(pid: int) -> set[str]:
        return {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}

    assert spool in open_files(process.pid)
    workers = children(process.pid)
    assert workers
    for worker in workers:
        assert spool not in open_files(worker)
    process.terminate()
    site.finish(process)
