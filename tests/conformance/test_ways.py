"""Tools that run Ansible, each as docs/ways-to-run.md describes it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from collector import PLAYBACK, Collector, Record
from ways_site import BIN, PLAYBOOK, Done, Site, is_the_playbook, plain, recap

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    started = Collector(tmp_path_factory.mktemp("history"))
    yield started
    started.stop()


@pytest.fixture
def site(tmp_path: Path, history: Collector) -> Site:
    return Site(tmp_path, history)


# ansible-runner


@pytest.fixture
def runner(site: Site) -> Path:
    """A private data directory, with the recorder's settings where both kinds of runs find them."""
    site.write("runner/project/site.yml", PLAYBOOK)
    site.write("runner/inventory/hosts", (site.folder / "hosts").read_text())
    # ansible-runner itself has callbacks loaded for modules.
    settings = {name: value for name, value in site.recorder.items() if name != "ANSIBLE_LOAD_CALLBACK_PLUGINS"}
    site.write("runner/env/envvars", json.dumps(settings))
    return site.folder / "runner"


def test_ansible_runner_runs_a_playbook(site: Site, runner: Path) -> None:
    done = site.run("ansible-runner", "run", str(runner), "-p", "site.yml", "--ident", "one", env={})
    record = site.record()
    is_the_playbook(record, done.code, recap(done.printed))
    assert (runner / "artifacts/one/rc").read_text() == "2"
    assert record.detail["playbook"] == "site.yml"
    # What Ansible prints there is ansible-runner's control stream.
    assert (record.output, record.detail["output_lines"]) == ("", 0)


@pytest.mark.whole
def test_ansible_runner_runs_a_module(site: Site, runner: Path) -> None:
    done = site.run("ansible-runner", "run", str(runner), "-m", "command", "--hosts", "web", "-a", "echo hi", env={})
    assert done.code == 0, done.printed
    record = site.record()
    detail = record.detail
    assert (detail["type"], detail["status"], detail["exit_code"]) == ("adhoc", "success", 0)
    assert (detail["hosts"], detail["module"]) == ("web", "command")
    assert record.told == [("command", "web1", "ok"), ("command", "web2", "ok")]


@pytest.mark.whole
def test_ansible_runner_finds_the_settings_in_its_project(site: Site, runner: Path) -> None:
    (runner / "env/envvars").unlink()
    site.config("runner/project/ansible.cfg")
    done = site.run("ansible-runner", "run", str(runner), "-p", "site.yml", env={})
    is_the_playbook(site.record(), done.code, recap(done.printed))


@pytest.mark.whole
def test_ansible_runner_recorded_from_outside(site: Site, runner: Path) -> None:
    command = ("exec", "--label", site.label, "--", "ansible-runner", "run", str(runner), "-p", "site.yml")
    done = site.run(str(PLAYBACK), *command)
    record = site.record()
    is_the_playbook(record, done.code, recap(done.printed))
    assert (record.detail["status"], record.detail["exit_code"]) == ("failed", 2)
    assert record.output == done.printed


PROGRAM = """\
import json, sys
import ansible_runner

folder, site = sys.argv[1:]
run = ansible_runner.run(private_data_dir=folder, playbook="site.yml", quiet=True)
_, _, code = ansible_runner.run_command(
    "ansible-playbook", ["-i", "hosts", "site.yml"], host_cwd=site, envvars=json.load(open(folder + "/env/envvars")),
    quiet=True,
)
print(json.dumps({"run": run.rc, "status": run.status, "stats": run.stats, "command": code}))
"""


def test_programs_use_ansible_runner(site: Site, runner: Path) -> None:
    program = site.write("program.py", PROGRAM)
    done = site.run(str(BIN / "python"), str(program), str(runner), str(site.folder), env={})
    said = json.loads(done.printed.splitlines()[-1])
    assert said["status"] == "failed"
    ran, commanded = site.records()
    for record, code in ((ran, said["run"]), (commanded, said["command"])):
        is_the_playbook(record, code, ran.detail["stats"])
    # ansible-runner's names for the same counts.
    for theirs, ours in (("ok", "ok"), ("changed", "changed"), ("failures", "failed"), ("skipped", "skipped")):
        counts = {host: stats[ours] for host, stats in ran.detail["stats"].items() if stats[ours]}
        assert said["stats"][theirs] == counts


# ansible-navigator


def test_ansible_navigator_without_a_container(site: Site) -> None:
    done = site.run(
        "ansible-navigator",
        *("run", "site.yml", "-i", "hosts", "--mode", "stdout", "--execution-environment", "false"),
        *("--playbook-artifact-enable", "false"),
    )
    record = site.record()
    is_the_playbook(record, done.code, recap(done.printed))
    assert record.detail["playbook"].endswith("/site.yml")
    assert record.output == ""


# ansible-pull


def repository(site: Site) -> Path:
    """A repository with the playbook in it."""
    folder = site.folder / "repository"
    site.write("repository/local.yml", PLAYBOOK.replace("web2'", "other'"))
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "The playbook"]):
        author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", *author, *command], cwd=folder, check=True)
    return folder


def test_ansible_pull(site: Site) -> None:
    url, checkout = f"file://{repository(site)}", str(site.folder / "checkout")
    site.write("hosts", (site.folder / "hosts").read_text() + "\n[here]\nlocalhost\n")
    pull = ("ansible-pull", "-U", url, "-d", checkout, "-i", str(site.folder / "hosts"), "-l", "web1:localhost")
    done = site.run(*pull, "local.yml")
    assert done.code == 0, done.printed
    found = site.records()
    # Up to ansible-core 2.17, getting the checkout is a recorded command like any other.
    assert [record.detail["module"] for record in found[:-1]] in ([], ["git"])
    detail = found[-1].detail
    assert (detail["type"], detail["status"], detail["exit_code"]) == ("playbook", "success", 0)
    assert detail["playbook"] == f"{checkout}/local.yml"
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, check=True, stdout=subprocess.PIPE).stdout
    assert detail["git"]["commit"] == commit.decode().strip()
    assert detail["stats"] == recap(done.printed)
    assert found[-1].output.startswith("\nPLAY [Say]")
    assert found[-1].output in done.printed
    # Where nothing new is there, no playbook runs, and none is recorded.
    again = site.run(*pull, "--only-if-changed", "local.yml")
    assert again.code == 0, again.printed
    assert [record.detail["type"] for record in site.records()].count("playbook") == 1


# ansible-console


TYPED = "ping\ncd web1\ncommand echo hello\nshell exit 3\nforks 2\ncommand echo bye\nexit\n"
COMMANDS = [
    ("web", "ping", "success", 0),
    ("web1", "command", "success", 0),
    ("web1", "shell", "failed", 2),
    ("web1", "command", "success", 0),
]


def told(record: Record) -> tuple[str, str, str, int]:
    """What the record of a console's command says of it."""
    detail = record.detail
    assert detail["type"] == "adhoc"
    assert detail["events"]["complete"]
    return detail["hosts"], detail["module"], detail["status"], detail["exit_code"]


def test_ansible_console(site: Site) -> None:
    done = site.run("ansible-console", "-i", "hosts", "web", typed=TYPED)
    assert done.code == 0, done.printed
    found = site.records()
    assert [told(record) for record in found] == COMMANDS
    assert [len(record.results) for record in found] == [2, 1, 1, 1]
    assert [found[at].output for at in (1, 3)] == [f"web1 | CHANGED | rc=0 >>\n{word}\n" for word in ("hello", "bye")]
    assert all(record.output in done.printed for record in found)


@pytest.mark.whole
def test_a_console_that_is_recorded_from_outside(site: Site) -> None:
    command = ("exec", "--label", site.label, "--", "ansible-console", "-i", "hosts", "web")
    done = site.run(str(PLAYBACK), *command, typed=TYPED)
    assert done.code == 0, done.printed
    session, *found = site.records()
    assert (session.detail["status"], session.detail["exit_code"]) == ("success", 0)
    assert session.output == done.printed
    assert [told(record) for record in found] == COMMANDS


# Molecule

MOLECULE = """\
driver:
  name: default
  options:
    managed: false
platforms:
  - {name: web1, groups: [web]}
  - {name: web2, groups: [web]}
provisioner:
  name: ansible
  config_options:
    defaults:
      callbacks_enabled: playback.history.recorder
  inventory:
    group_vars:
      web:
        ansible_connection: local
        ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""


def test_molecule_converges(site: Site) -> None:
    site.write("molecule/default/molecule.yml", MOLECULE)
    site.write("molecule/default/converge.yml", PLAYBOOK)
    # Molecule writes an ansible.cfg of its own: its scenario enables the recorder, not the environment.
    env = {name: value for name, value in site.recorder.items() if name.startswith("PLAYBACK_")}
    done = site.run("molecule", "converge", env=env | {"NO_COLOR": "1", "COLUMNS": "200"})
    record = site.record()
    is_the_playbook(record, done.code, recap(done.printed))
    assert "Ansible return code was 2" in plain(done.printed)
    assert recap(record.output) == recap(done.printed)
    assert record.detail["playbook"] == str(site.folder / "molecule/default/converge.yml")


# Mitogen


@pytest.mark.parametrize(
    "strategy",
    ["linear", *(pytest.param(name, marks=pytest.mark.whole) for name in ("free", "host_pinned"))],
)
def test_mitogen(site: Site, strategy: str) -> None:
    [plugins] = BIN.parent.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy")
    env = site.recorder | {"ANSIBLE_STRATEGY_PLUGINS": str(plugins), "ANSIBLE_STRATEGY": f"mitogen_{strategy}"}
    done = site.run("ansible-playbook", "-i", "hosts", "site.yml", env=env)
    record = site.record()
    is_the_playbook(record, done.code, recap(done.printed))
    assert record.output == done.printed


# Two at once

MEETING = """\
- hosts: web1
  gather_facts: false
  tasks:
    - name: Arrive
      file: {path: "{{ playbook_dir }}/{{ me }}", state: touch}
    - name: Meet
      wait_for: {path: "{{ playbook_dir }}/{{ other }}", timeout: 120, sleep: 1}
    - name: Tell {{ me }}
      debug: {msg: "{{ item }}"}
      loop: "{{ range(100) | list }}"
"""


def test_two_commands_at_once_from_one_checkout(site: Site) -> None:
    site.write("meeting.yml", MEETING)
    names = {"one": "two", "two": "one"}
    processes = {
        me: site.start(
            ["ansible-playbook", "-i", "hosts", "meeting.yml", "-e", f"me={me} other={other}"],
            site.recorder,
            name=f"printed-{me}",
        )
        for me, other in names.items()
    }
    done = {me: site.end(process, f"printed-{me}") for me, process in processes.items()}
    found = site.records()
    assert len(found) == 2
    assert sorted(record.output for record in found) == sorted(run.printed for run in done.values())
    for record in found:
        assert (record.detail["status"], record.detail["exit_code"]) == ("success", 0)
        assert record.detail["events"]["complete"]
        assert len(record.results) == 3
    assert [run.code for run in done.values()] == [0, 0]
    # What was delivered is gone from the spool that both shared.
    assert not [path for path in site.spool.rglob("*") if path.is_file() and path.stat().st_size]


# As in a container: what the home, and the folder for temporary files, do not let be written

QUIET = """\
- hosts: web1
  gather_facts: false
  tasks:
    - name: Greet
      ping:
"""


def closed(*folders: Path) -> list[str]:
    """What to run a command behind, so that it cannot write to the folders, whoever runs the tests."""
    for folder in folders:
        folder.chmod(0o555)
    if os.geteuid() != 0:
        return []
    # Root writes whatever the mode says, but not to what is mounted for reading only.
    mounts = 'for folder in $FOLDERS; do mount --bind "$folder" "$folder"; mount -o remount,bind,ro "$folder"; done'
    return [
        "unshare",
        "--mount",
        "env",
        f"FOLDERS={' '.join(map(str, folders))}",
        "sh",
        "-c",
        f'{mounts}; exec "$@"',
        "sh",
    ]


def says(done: Done, text: str) -> bool:
    """Whether this was printed, once. Ansible wraps its warnings, up to 2.18 in the midst of words."""
    return "".join(done.printed.split()).count("".join(text.split())) == 1


class Container:
    """A site whose home cannot be written; Ansible's own temporary files go where it is told."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.temporary = site.folder / "temporary"
        ansible = site.folder / "ansible"
        for folder in (self.temporary, ansible):
            folder.mkdir()
        site.write("quiet.yml", QUIET)
        self.env = {name: value for name, value in site.recorder.items() if name != "PLAYBACK_SPOOL_DIR"} | {
            "ANSIBLE_HOME": str(ansible),
            "ANSIBLE_LOCAL_TEMP": str(ansible),
            "ANSIBLE_REMOTE_TEMP": str(ansible),
            "TMPDIR": str(self.temporary),
        }

    def run(self, *closed_folders: Path, without: str | None = None) -> Done:
        env = {name: value for name, value in self.env.items() if name != without}
        proof = 'for folder in $FOLDERS; do ! touch "$folder/written" 2>/dev/null || exit 77; done; exec "$@"'
        told = ["env", f"FOLDERS={' '.join(map(str, closed_folders))}", "sh", "-c", proof, "sh"]
        command = ["ansible-playbook", "-i", "hosts", "quiet.yml"]
        return self.site.run(*closed(*closed_folders), *told, *command, env=env)


@pytest.fixture
def container(site: Site) -> Iterator[Container]:
    made = Container(site)
    yield made
    # So that an ordinary user can remove them.
    for folder in (site.home, made.temporary):
        folder.chmod(0o755)


@pytest.mark.whole
def test_a_home_that_cannot_be_written(container: Container) -> None:
    done = container.run(container.site.home)
    assert done.code == 0, done.printed
    record = container.site.record()
    assert (record.detail["status"], record.detail["exit_code"]) == ("success", 0)
    assert record.detail["events"]["complete"]
    assert record.output == done.printed
    assert "Playback" not in done.printed


def test_a_home_that_cannot_be_written_and_no_collector(container: Container) -> None:
    done = container.run(container.site.home, without="PLAYBACK_URL")
    assert done.code == 0, done.printed
    assert container.site.records() == []
    spool = container.temporary / f"playback-spool-{os.geteuid()}"
    assert says(done, f"this run is kept in {spool}")
    url = {"PLAYBACK_URL": container.site.history.url, "PLAYBACK_TOKEN": container.site.history.ingest}
    flushed = container.site.run(str(PLAYBACK), "flush", env=url | {"TMPDIR": str(container.temporary)})
    assert flushed.code == 0, flushed.printed
    record = container.site.record()
    assert record.output == done.printed
    assert record.detail["events"]["complete"]


@pytest.mark.whole
def test_nothing_but_ansibles_own_folders_can_be_written(container: Container) -> None:
    done = container.run(container.site.home, container.temporary)
    assert done.code == 0, done.printed
    assert says(done, "[WARNING]: Playback: no folder for the spool can be used; the run is kept in memory")
    record = container.site.record()
    assert (record.detail["status"], record.detail["exit_code"]) == ("success", 0)
    assert record.detail["events"]["complete"]
    assert record.output == done.printed


@pytest.mark.whole
def test_nowhere_to_keep_the_run_and_no_collector(container: Container) -> None:
    done = container.run(container.site.home, container.temporary, without="PLAYBACK_URL")
    assert done.code == 0, done.printed
    assert recap(done.printed)["web1"]["ok"] == 1
    assert says(done, "this run is not recorded")
    assert container.site.records() == []
