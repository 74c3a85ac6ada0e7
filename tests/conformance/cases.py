"""The corpus: which command each case runs, and what must be true for the case to be about what it says.

A case is one idea. Its playbook lies in `playbooks/`; commands run there. `{scratch}` in a command, and the
environment variable SCRATCH for playbooks, name a folder that is the run's own.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One command, and what the shell must get from it."""

    name: str
    command: str
    """Words as a shell would split them; the first is Ansible's program."""
    exit: int | dict[str, int] = 0
    """Exit code; by the first version that has it, where versions differ. Negative: the signal."""
    env: dict[str, str] = field(default_factory=dict)
    since: str = ""
    """First version that has the feature."""
    until: str = ""
    """Last version that has it."""
    why: str = ""
    """Why other versions cannot run the case."""
    typed: tuple[tuple[str, str], ...] = ()
    """What a person types at a terminal: each text once the other was printed."""
    signals: tuple[int, ...] = ()
    """Signals that the command's process group gets, one after the other, once a task made the file SCRATCH/waiting."""
    prints: tuple[str, ...] = ()
    """What must be found in the printed text: otherwise the case is not about what it says."""
    secret: bool = False
    """Whether the playbook handles the marker secret."""

    def runs_on(self, version: str) -> bool:
        key = version_key(version)
        return (not self.since or key >= version_key(self.since)) and (not self.until or key <= version_key(self.until))

    def exit_on(self, version: str) -> int:
        if isinstance(self.exit, int):
            return self.exit
        known = [first for first in self.exit if version_key(first) <= version_key(version)]
        return self.exit[max(known, key=version_key)]


def version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


CASES = (
    Case("linear", "ansible-playbook linear.yml"),
    Case("interrupted", "ansible-playbook wait.yml", exit=99, signals=(signal.SIGINT,)),
)
