"""Runs ansible's own integration targets under the recorder: `make foreign TARGETS=…/ansible/test/integration`.

Nothing is downloaded, and the checkout is not changed: a copy of it runs. Each command of each target is recorded by a
real collector and checked by the oracle. What is reported: targets, records, how many are exact, and what differs in
the others. Exit code 0: every record is exact. 1: some differ. 2: it could not be run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from collector import DEADLINE, PLAYBACK, Collector
from foreign import version_of
from machine import CALLBACKS, COLLECTIONS, Seen
from oracle import LEFT_OUT as LEFT_OUT_LINE
from oracle import differences, exact, output_differences

HERE = Path(__file__).resolve().parent
# What a target may do only where it is named: it changes the machine, or needs what is not here.
LEFT_OUT = (
    "cloud/",
    "destructive",
    "disabled",
    "hidden",
    "needs/httptester",
    "needs/privileged",
    "needs/root",
    "needs/ssh",
    "needs/target/",
    "non_local",
    "unstable",
    "unsupported",
    "windows",
)
INVENTORY = """\
[testgroup]
testhost ansible_connection=local ansible_python_interpreter={python}
"""
PLAYBOOK = """\
- hosts: testhost
  gather_facts: {facts}
  vars: {{output_dir: "{output}"}}
  roles: [{{role: "{name}"}}]
"""


def aliases(target: Path) -> list[str]:
    file = target / "aliases"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def why_not(target: Path) -> str | None:
    """Why a target is left out, where nobody names it."""
    if not (target / "runme.sh").exists() and not (target / "tasks").is_dir():
        return "neither runme.sh nor tasks"
    return next((alias for alias in aliases(target) if alias.startswith(LEFT_OUT)), None)


def since_loaded(recorded: list[str], true: list[str]) -> tuple[list[str], list[str]]:
    """What is comparable: lines before the recorder was loaded are out of its reach."""
    if recorded and recorded[0] == LEFT_OUT_LINE:
        recorded = recorded[1:]
    if recorded and recorded[0] in true:
        return recorded, true[true.index(recorded[0]) :]
    return recorded, [] if not recorded else true


class Suite:
    """A copy of the targets, and where their commands are recorded."""

    def __init__(self, folder: Path, checkout: Path, programs: Path, collector: Collector, log: Path | None) -> None:
        self.log = log.resolve() if log else folder / "log"
        self.folder, self.programs, self.collector = folder, programs, collector
        self.kept, self.bin, self.output = folder / "kept", folder / "bin", folder / "output"
        for path in (self.kept, self.bin, self.output, folder / "home"):
            path.mkdir()
        for program in ("ansible-playbook", "ansible"):
            (self.bin / program).symlink_to(HERE / "wrapped.py")
        self.root = folder / "integration"
        shutil.copytree(checkout, self.root, symlinks=True)
        self.inventory = self.root / "inventory"
        self.inventory.write_text(INVENTORY.format(python=programs / "python"))
        self.version = version_of(programs)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{self.programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "INVENTORY_PATH": str(self.inventory),
            "OUTPUT_DIR": str(self.output),
            "ANSIBLE_TEST_PYTHON_INTERPRETER": str(self.programs / "python"),
            "ANSIBLE_PLAYBOOK_DIR": str(self.root),
            "ANSIBLE_ROLES_PATH": str(self.root / "targets"),
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "FOREIGN_REAL": str(self.programs),
            "FOREIGN_KEPT": str(self.kept),
            "FOREIGN_CALLBACKS": CALLBACKS,
            "FOREIGN_COLLECTIONS": str(COLLECTIONS),
            "PLAYBACK_SPOOL_DIR": str(self.folder / "spool"),
            "PLAYBACK_URL": self.collector.url,
            "PLAYBACK_TOKEN": self.collector.ingest,
            "PLAYBACK_FLUSH_SECONDS": str(DEADLINE),
        }

    def run(self, target: Path, seconds: int) -> str:
        """How the target itself ended."""
        if (target / "runme.sh").exists():
            command, cwd = ["bash", "./runme.sh"], target
        else:
            playbook = self.root / f"foreign-{target.name}.yml"
            facts = str("gather_facts/no" not in aliases(target)).lower()
            playbook.write_text(PLAYBOOK.format(facts=facts, output=self.output, name=target.name))
            command, cwd = ["ansible-playbook", "-i", str(self.inventory), playbook.name], self.root
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                return f"exit {process.wait(seconds)}"
            except subprocess.TimeoutExpired:
                return f"ended after {seconds} s"
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def judge(self) -> tuple[Counter[str], list[str]]:
        """Holds every record of the target that ran against its witnesses."""
        command = [str(PLAYBACK), "flush", "--spool-dir", str(self.folder / "spool")]
        subprocess.run(command, env=self.environment(), capture_output=True, timeout=DEADLINE, check=False)
        counts: Counter[str] = Counter()
        told: list[str] = []
        for file in sorted(self.kept.glob("*.json"), key=lambda file: file.stat().st_mtime):
            ran = json.loads(file.read_text())
            counts["commands"] += 1
            out, err = (file.with_suffix(end).read_bytes() for end in (".out", ".err"))
            witness = file.with_suffix(".witness")
            hooks = [json.loads(line) for line in witness.read_bytes().splitlines()] if witness.exists() else []
            seen = Seen(file.stem, ran["code"], out, hooks)
            what = " ".join(ran["argv"])
            if seen.loaded is None:
                counts["without a record, before callbacks"] += 1
                if self.collector.knows(seen.execution):
                    told.append(f"{what}: there is a record, though no callback was loaded")
            elif not self.collector.knows(seen.execution):
                counts["without a record, though callbacks were loaded"] += 1
                told.append(f"{what}: there is no record")
            else:
                counts["records"] += 1
                found = self.differences(seen, apart=ran["apart"], err=err)
                counts["exact" if not found else "differing"] += 1
                told += [f"{what}: {difference}" for difference in found]
        for file in self.kept.iterdir():
            file.unlink()
        return counts, told

    def differences(self, seen: Seen, *, apart: bool, err: bytes) -> list[str]:
        record = self.collector.record(seen.execution)
        found: list[str] = []
        loaded = seen.loaded
        if apart and loaded is not None:
            # Where the streams are two files, nobody can tell their order: each is held against its own lines.
            path = f"/executions/{seen.execution}/output?format=text&stream="
            recorded = {name: exact(self.collector.get(path + name)) for name in ("stdout", "stderr")}
            for name, true in (("stdout", seen.printed[loaded["printed"] or 0 :]), ("stderr", err)):
                told = since_loaded(recorded[name].splitlines(keepends=True), exact(true).splitlines(keepends=True))
                found += [f"{name}, {difference}" for difference in output_differences(*told)]
            loaded["printed"] = None
            seen.printed = record.output.encode(errors="surrogateescape")
        return found + differences(seen, record, self.version, supervised=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ansible", type=Path, required=True, help="folder of Ansible's programs, with the recorder")
    parser.add_argument(
        "--only", default="", help="names of targets, by blanks; otherwise all that change nothing here"
    )
    parser.add_argument("--timeout", type=int, default=300, help="seconds that a target may take")
    parser.add_argument("--log", type=Path, help="file that gets what the targets print")
    parser.add_argument("targets", type=Path, help="test/integration in a checkout of ansible")
    asked = parser.parse_args()
    if not (asked.targets / "targets").is_dir():
        print(f'{asked.targets}: there is no folder "targets" in it: name ansible\'s test/integration', file=sys.stderr)
        return 2
    only = asked.only.split()
    totals: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="playback-foreign-") as folder:
        collector = Collector(Path(folder) / "collector")
        try:
            suite = Suite(Path(folder), asked.targets.resolve(), asked.ansible.resolve(), collector, asked.log)
            present = {path.name: path for path in sorted((suite.root / "targets").iterdir()) if path.is_dir()}
            unknown = [name for name in only if name not in present]
            if unknown:
                print(f"there are no such targets: {' '.join(unknown)}", file=sys.stderr)
                return 2
            for name, target in present.items():
                if only and name not in only:
                    continue
                reason = None if only else why_not(target)
                if reason:
                    left_out[reason] += 1
                    continue
                ended = suite.run(target, asked.timeout)
                counts, told = suite.judge()
                totals += counts
                totals["targets"] += 1
                print(
                    f"{name}: {ended}; {counts['commands']} commands, "
                    f"{counts['exact']} of {counts['records']} records exact"
                )
                for line in told:
                    print(f"    {line}")
                sys.stdout.flush()
        finally:
            collector.stop()
    print("\nIn all:")
    names = ("targets", "commands", "records", "exact", "differing")
    for name in (*names, *sorted(set(totals) - set(names))):
        print(f"  {totals[name]:6} {name}")
    for reason, count in left_out.most_common():
        print(f"  {count:6} targets left out: {reason}")
    return 1 if totals["records"] != totals["exact"] else 0


if __name__ == "__main__":
    sys.exit(main())
