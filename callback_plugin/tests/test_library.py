"""Programs that use Ansible as a library: a run ends with its queue manager, and has its own result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conftest import read_spool

if TYPE_CHECKING:
    from conftest import Site

PROGRAM = """
import sys
from ansible import context
from ansible.executor.playbook_executor import PlaybookExecutor
from ansible.executor.task_queue_manager import TaskQueueManager
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.plugins import loader as plugins
from ansible.vars.manager import VariableManager

if hasattr(plugins, "init_plugin_loader"):
    plugins.init_plugin_loader()
context.CLIARGS = ImmutableDict(
    connection="local", forks=2, become=None, become_method=None, become_user=None, check=False, diff=False,
    verbosity=0, syntax=None, start_at_task=None, listtags=False, listtasks=False, listhosts=False,
)

def parts():
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=["hosts"])
    inventory.subset("web1")
    return dict(loader=loader, inventory=inventory, variable_manager=VariableManager(loader, inventory), passwords={})

def playbook(name):
    return PlaybookExecutor(playbooks=[name], **parts()).run()

def play(program, cleans=True):
    own = parts()
    manager = TaskQueueManager(**own)
    tasks = [{"name": "direct", "command": program}]
    source = {"name": "Direct", "hosts": "all", "gather_facts": "no", "tasks": tasks}
    try:
        return manager.run(Play().load(source, own["variable_manager"], own["loader"]))
    finally:
        if cleans:
            manager.cleanup()

"""

GOOD = "- {hosts: all, gather_facts: false, tasks: [{name: good, raw: 'true'}]}\n"
BAD = "- {hosts: all, gather_facts: false, tasks: [{name: bad, raw: 'false'}]}\n"


def runs(site: Site, program: str, code: int) -> list[list[dict[str, Any]]]:
    """The events of each run of a program, in the order in which the runs began."""
    site.write("good.yml", GOOD)
    site.write("bad.yml", BAD)
    site.write("program.py", PROGRAM + program)
    process = site.start("python", "program.py")
    assert process.wait(300) == code, site.printed().decode()
    return sorted((read_spool(path) for path in site.spools()), key=lambda events: events[0]["at"])


def summary(events: list[dict[str, Any]]) -> tuple[Any, ...]:
    begun, ended = events[0]["data"], events[-1]
    assert ended["kind"] == "execution_ended"
    return begun["type"], begun.get("playbook"), begun["inventory"], begun["limit"], ended["data"].get("exit_code")


def test_each_run_has_its_own_result_and_not_the_programs_exit_code(site: Site) -> None:
    found = runs(site, "playbook('good.yml'); playbook('bad.yml'); play('true'); play('false'); sys.exit(7)", 7)
    assert [summary(run)[4] for run in found] == [0, 2, 0, 2]
    assert [summary(run)[:4] for run in found] == [
        ("playbook", name, f"{site.folder}/hosts", "web1")
        if summary(run)[2].startswith("/")
        else ("playbook", name, "hosts", "web1")
        for name, run in zip(("good.yml", "bad.yml", None, None), found, strict=True)
    ]


def test_a_run_ends_before_the_program_goes_on(site: Site) -> None:
    program = """
import glob, json
playbook("good.yml")
last = json.loads(open(glob.glob(sys.argv[0].replace("program.py", "") + "spool/*.ndjson")[0]).readlines()[-1])
assert last["kind"] == "execution_ended" and last["data"]["exit_code"] == 0, last
print("not a part of it")
"""
    (run,) = runs(site, program, 0)
    assert "not a part of it" not in "".join(event["data"]["text"] for event in run if event["kind"] == "output")


def test_an_exception_between_runs_and_a_manager_that_is_not_cleaned_up(site: Site) -> None:
    program = """
try:
    raise OSError("busy")
except OSError:
    playbook("good.yml")
play("false", cleans=False)
play("true", cleans=False)
raise RuntimeError("the program's own")
"""
    found = runs(site, program, 1)
    assert [summary(run)[4] for run in found] == [0, 2, 0]


def test_a_fork_of_a_recorded_program_says_that_it_is_not_recorded(site: Site) -> None:
    program = """
import os
play("true", cleans=False)
child = os.fork()
if child == 0:
    code = 1
    try:
        code = playbook("bad.yml")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
"""
    assert len(runs(site, program, 0)) == 1
    assert b"was forked from one that is recorded" in b" ".join(site.printed().split())


def test_a_fork_of_a_recorded_program_has_files_and_children_of_its_own(site: Site) -> None:
    """The recorder closes descriptors once after a fork, because their numbers belong to other files afterwards."""
    program = """
import os, signal
play("true", cleans=False)
child = os.fork()
if child == 0:
    code = 1
    try:
        signal.signal(signal.SIGTERM, lambda *_: None)
        own = [os.open("/dev/null", os.O_RDONLY) for _ in range(32)]
        grandchild = os.fork()
        if grandchild == 0:
            for number in own:
                os.fstat(number)
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]) & 255
    finally:
        os._exit(code)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert code == 0, code
"""
    assert len(runs(site, program, 0)) == 1
