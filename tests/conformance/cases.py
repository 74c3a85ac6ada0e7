"""The corpus: the command of each case, and the conditions under which the case tests what it claims to test.

Each case tests one thing. Its playbook is in `playbooks/`, where commands run. `{scratch}` in a command, and the
environment variable SCRATCH for playbooks, name a separate folder for each run; `{vault_password}` names a file.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

SECRET = "S3CR3T-MARKER-7391"
"""The marker for every secret: the passwords of the vault and of become, values in the environment, in extra variables,
and in data that playbooks hide by `no_log`. It must not be in any record."""


@dataclass(frozen=True)
class Case:
    """One command, and the exit code that the shell must get."""

    name: str
    command: str
    """The words of the command; the first is Ansible's program."""
    exit: int | dict[str, int] = 0
    """Exit code; if versions differ, by the first version that has it. Negative: a signal."""
    env: dict[str, str] = field(default_factory=dict)
    since: str = ""
    """First version that has the feature."""
    until: str = ""
    """Last version that has it."""
    why: str = ""
    """Why other versions cannot run the case."""
    typed: tuple[tuple[str, str], ...] = ()
    """Input at a terminal: each text is typed once the other was printed."""
    signals: tuple[int, ...] = ()
    """Signals that the command's process group gets, one after the other, once a task made the file SCRATCH/waiting."""
    prints: tuple[str, ...] = ()
    """Text that the output must contain; otherwise the case does not test what it claims to test."""
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


FLOW = (
    Case("linear", "ansible-playbook linear.yml"),
    Case("free", "ansible-playbook strategies.yml -e strategy=free"),
    Case("host_pinned", "ansible-playbook strategies.yml -e strategy=host_pinned --forks 2"),
    Case("strategy_linear", "ansible-playbook strategies.yml -e strategy=linear --forks 1"),
    Case("serial", "ansible-playbook serial.yml", prints=("PLAY [Numbers]",)),
    Case("run_once", "ansible-playbook run_once.yml", exit=2),
    Case("delegate", "ansible-playbook delegate.yml", exit=4, prints=("UNREACHABLE!",)),
    Case("delegations", "ansible-playbook delegations.yml", prints=("web1 -> db1", "UNREACHABLE!")),
    Case("delegations_verbose", "ansible-playbook delegations.yml -v --forks 1", prints=("web1 -> db1",)),
    Case("templates", "ansible-playbook templates.yml", prints=("FAILED - RETRYING",)),
    Case(
        "item_modules",
        "ansible-playbook item_modules.yml",
        since="2.21",
        why="before 2.21, a loop's variable is not known where its module is looked for",
    ),
    Case("loops", "ansible-playbook loops.yml"),
    Case("include_loops", "ansible-playbook include_loops.yml", prints=("In x and 1",)),
    Case("until", "ansible-playbook until.yml", exit=2, prints=("FAILED - RETRYING",)),
    Case("async", "ansible-playbook async.yml", prints=("ASYNC",)),
    Case("blocks", "ansible-playbook blocks.yml", exit=2, prints=("rescued=3",)),
    Case("judged", "ansible-playbook judged.yml", exit=2),
    Case("unreachable", "ansible-playbook unreachable.yml", exit=4, prints=("ignored=",)),
    Case("gather", "ansible-playbook gather.yml", exit=4),
    Case("all_facts", "ansible-playbook all_facts.yml"),
    Case("any_errors_fatal", "ansible-playbook fatal.yml", exit=2),
    Case("max_fail_percentage", "ansible-playbook max_fail.yml", exit=2, prints=("NO MORE HOSTS LEFT",)),
    Case("handlers", "ansible-playbook handlers.yml", prints=("RUNNING HANDLER",)),
    Case("force_handlers", "ansible-playbook force_handlers.yml --force-handlers", exit=2),
    Case("no_force_handlers", "ansible-playbook force_handlers.yml", exit=2),
    Case("end_play", "ansible-playbook end_play.yml"),
    Case("end_host", "ansible-playbook end_host.yml"),
    Case("end_batch", "ansible-playbook end_batch.yml"),
    Case("end_role", "ansible-playbook end_role.yml", since="2.18", why="`meta: end_role` is new in 2.18"),
    Case("roles", "ansible-playbook roles.yml", prints=("depended",)),
    Case("inventory_grows", "ansible-playbook inventory_grows.yml", prints=("new3",)),
    Case(
        "told",
        "ansible-playbook told_at_the_end.yml",
        exit=2,
        env={"ANSIBLE_SHOW_CUSTOM_STATS": "1"},
        prints=("CUSTOM STATS",),
    ),
    Case("various", "ansible-playbook various.yml"),
    Case("shuffle", "ansible-playbook shuffle.yml"),
)

OPTIONS = (
    Case("check", "ansible-playbook check_diff.yml --check"),
    Case("diff", "ansible-playbook check_diff.yml --diff", prints=("+three",)),
    Case("check_diff", "ansible-playbook check_diff.yml --check --diff -v", prints=("+++",)),
    Case("tags", "ansible-playbook tags.yml --tags red,special"),
    Case("skip_tags", "ansible-playbook tags.yml --skip-tags colours"),
    Case("untagged", "ansible-playbook tags.yml --tags blue"),
    Case("limit", "ansible-playbook linear.yml --limit web2,web3", prints=("web3",)),
    Case("limit_of_a_file", "ansible-playbook linear.yml --limit @limited"),
    Case("limit_excludes", "ansible-playbook linear.yml --limit 'web:!web1'"),
    Case("start_at_task", "ansible-playbook linear.yml --start-at-task 'No change'"),
    Case("several", "ansible-playbook linear.yml second.yml no_hosts.yml", exit=2),
    Case("several_well", "ansible-playbook linear.yml no_hosts.yml linear.yml"),
    Case("no_hosts", "ansible-playbook no_hosts.yml", prints=("no hosts matched",)),
    Case("limit_matches_nothing", "ansible-playbook linear.yml --limit nobody_there", exit=1, prints=("hosts",)),
    Case("empty_inventory", "ansible-playbook -i /dev/null linear.yml"),
    Case("forks", "ansible-playbook serial.yml --forks 1"),
    Case("list_tasks", "ansible-playbook linear.yml --list-tasks"),
    Case("syntax_check", "ansible-playbook linear.yml --syntax-check"),
)

ERRORS = (
    Case("undefined", "ansible-playbook undefined.yml", exit=2, prints=("undefined",)),
    Case("not_yaml", "ansible-playbook syntax/yaml.yml", exit=4),
    Case("no_such_keyword", "ansible-playbook syntax/keyword.yml", exit=4),
    Case("no_such_module", "ansible-playbook syntax/module.yml", exit=4, prints=("no_such_module",)),
    Case("wrong_at_run", "ansible-playbook syntax/at_run.yml", exit=4),
    Case("second_not_yaml", "ansible-playbook linear.yml syntax/yaml.yml", exit=4),
    Case("no_such_playbook", "ansible-playbook nowhere.yml", exit=1),
    Case("no_such_option", "ansible-playbook linear.yml --no-such-option", exit=2),
    Case("modules", "ansible-playbook modules.yml", prints=("a warning of the module",)),
    Case("display", "ansible-playbook display.yml", prints=("an action warns",)),
    Case("workers", "ansible-playbook workers.yml", prints=("a filter prints something", "without an end")),
)

VALUES = (
    Case("values", "ansible-playbook values.yml", prints=("123456789012345678901234567890",)),
    Case("unicode", "ansible-playbook -i unicode_hosts unicode.yml", prints=("你好",)),
    Case("unicode_verbose", "ansible-playbook -i unicode_hosts unicode.yml -vv --forks 1"),
)

DISPLAY = (
    Case("no_skipped_hosts", "ansible-playbook linear.yml", env={"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "no"}),
    Case("no_ok_hosts", "ansible-playbook loops.yml", env={"ANSIBLE_DISPLAY_OK_HOSTS": "no"}),
    Case("failed_to_stderr", "ansible-playbook blocks.yml", exit=2, env={"ANSIBLE_DISPLAY_FAILED_STDERR": "yes"}),
    Case(
        "yaml_results",
        "ansible-playbook modules.yml",
        env={"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"},
        prints=("msg: ",),
    ),
    Case("yaml_verbose", "ansible-playbook loops.yml -v", env={"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}),
    Case("verbose", "ansible-playbook linear.yml -v"),
    Case("very_verbose", "ansible-playbook delegate.yml -vvvv", exit=4, prints=("EXEC",)),
    Case("colour", "ansible-playbook blocks.yml", exit=2, env={"ANSIBLE_FORCE_COLOR": "1"}, prints=("\x1b[0;31m",)),
    Case(
        "task_paths",
        "ansible-playbook blocks.yml",
        exit=2,
        env={"ANSIBLE_SHOW_TASK_PATH_ON_FAILURE": "1"},
        prints=("task path",),
    ),
    Case(
        "check_markers",
        "ansible-playbook check_diff.yml --check",
        env={"ANSIBLE_CHECK_MODE_MARKERS": "1"},
        prints=("CHECK MODE",),
    ),
    Case(
        "per_host_start", "ansible-playbook linear.yml", env={"ANSIBLE_SHOW_PER_HOST_START": "1"}, prints=("started",)
    ),
    Case("minimal", "ansible-playbook blocks.yml", exit=2, env={"ANSIBLE_STDOUT_CALLBACK": "minimal"}),
    Case("oneline", "ansible-playbook blocks.yml", exit=2, env={"ANSIBLE_STDOUT_CALLBACK": "oneline"}),
    Case(
        "tracebacks",
        "ansible-playbook modules.yml",
        env={"ANSIBLE_DISPLAY_TRACEBACK": "always"},
        since="2.19",
        why="the option is new in 2.19",
        prints=("Traceback",),
    ),
    Case(
        "compact_results",
        "ansible-playbook loops.yml -v",
        env={"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_CALLBACK_FORMAT_PRETTY": "no"},
    ),
    Case("cows", "ansible-playbook linear.yml", env={"ANSIBLE_NOCOWS": "0"}),
    Case("log_file", "ansible-playbook linear.yml", env={"ANSIBLE_LOG_PATH": "/dev/null"}),
    Case("debug", "ansible-playbook linear.yml --limit web1", env={"ANSIBLE_DEBUG": "1"}),
)

PERSON = (
    Case("prompts_unanswered", "ansible-playbook prompts.yml"),
    Case(
        "prompts",
        "ansible-playbook prompts.yml",
        typed=(("Which colour", "green"), ("Which password", SECRET)),
        secret=True,
    ),
    Case(
        "step",
        "ansible-playbook linear.yml --step",
        typed=(("A change", "y"), ("No change", "n"), ("Only one", "c")),
        prints=("Perform task",),
    ),
    Case("pause", "ansible-playbook pause.yml", typed=(("Go on", "yes"),)),
    Case("debugger_quit", "ansible-playbook debugger.yml", exit=99, typed=(("(debug)>", "q"),)),
    Case(
        "debugger_continue", "ansible-playbook debugger.yml", exit=2, typed=(("(debug)>", "p task"), ("(debug)>", "c"))
    ),
    Case(
        "debugger_redo",
        "ansible-playbook debugger.yml",
        typed=(
            ("(debug)>", "task_vars['program'] = 'true'"),
            ("(debug)>", "task.args['_raw_params'] = 'true'"),
            ("(debug)>", "r"),
        ),
        prints=("(debug)>",),
    ),
    Case("debugger_unattended", "ansible-playbook debugger.yml", exit=99),
)

SIGNALS = (
    Case("interrupt", "ansible-playbook wait.yml", exit=99, signals=(signal.SIGINT,), prints=("interrupt",)),
    Case("interrupt_twice", "ansible-playbook wait.yml", exit=99, signals=(signal.SIGINT, signal.SIGINT)),
    Case("interrupt_free", "ansible-playbook wait_free.yml", exit=99, signals=(signal.SIGINT,)),
    Case("interrupt_async", "ansible-playbook wait_async.yml", exit=99, signals=(signal.SIGINT,)),
    Case("terminate", "ansible-playbook wait.yml", exit=-15, signals=(signal.SIGTERM,)),
    Case("terminate_free", "ansible-playbook wait_free.yml", exit=-15, signals=(signal.SIGTERM,)),
    Case("hang_up", "ansible-playbook wait.yml", exit=-1, signals=(signal.SIGHUP,)),
    Case("hang_up_async", "ansible-playbook wait_async.yml", exit=-1, signals=(signal.SIGHUP,)),
    Case("terminate_async", "ansible-playbook wait_async.yml", exit=-15, signals=(signal.SIGTERM,)),
    Case("kill_async", "ansible-playbook wait_async.yml", exit=-9, signals=(signal.SIGKILL,)),
    Case("kill", "ansible-playbook wait_free.yml", exit=-9, signals=(signal.SIGKILL,)),
)

ADHOC = (
    Case("ping", "ansible all --limit here -m ping"),
    Case("command", "ansible web -a 'echo hello'"),
    Case("one_line", "ansible here -o -a 'echo hello'", prints=("(stdout) hello",)),
    Case("command_fails", "ansible web -m shell -a 'echo out; echo err >&2; exit 3'", exit=2),
    Case("command_unreachable", "ansible all -m ping", exit=4),
    Case("command_matches_nothing", "ansible nobody_there -m ping"),
    Case("command_async", "ansible web -B 20 -P 1 -a 'sleep 1'", prints=("finished",)),
    Case("command_left_alone", "ansible web1 -B 20 -P 0 -a 'true'"),
    Case("command_check", "ansible web --check -m file -a 'path={scratch}/made state=touch'"),
    Case("command_tree", "ansible web -t {scratch}/tree -m ping"),
    Case("command_facts", "ansible web1 -m setup -a 'gather_subset=!all,!min'"),
    Case("command_role", "ansible web1 -m include_role -a name=base"),
    Case("command_forks", "ansible here -f 1 -v -m command -a 'echo hello'"),
    Case("command_no_such_module", "ansible web1 -m no_such_module", exit=2),
)

SECRETS = (
    Case("secrets", "ansible-playbook secrets/tasks.yml", exit=2, secret=True, prints=("censored",)),
    Case("secrets_verbose", "ansible-playbook secrets/tasks.yml -vvv", exit=2, secret=True),
    Case(
        "secrets_check_diff",
        "ansible-playbook secrets/tasks.yml --check --diff",
        exit={"2.14": 2, "2.17": 0},
        secret=True,
    ),
    Case(
        "secrets_yaml",
        "ansible-playbook secrets/tasks.yml",
        exit=2,
        env={"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"},
        secret=True,
    ),
    Case("secrets_environment", "ansible-playbook secrets/environment.yml -vv", secret=True),
    Case(
        "vault",
        "ansible-playbook secrets/vault.yml --vault-password-file {vault_password}",
        exit=2,
        secret=True,
        prints=("censored",),
    ),
    Case(
        "extra_vars",
        f"ansible-playbook secrets/extra.yml -e token={SECRET} -e @secrets/extra_vars.yml",
        secret=True,
    ),
    Case("command_secret", f"ansible web1 -m shell -a 'test -n {SECRET}' -e token={SECRET}", secret=True),
)

CASES = (*FLOW, *OPTIONS, *ERRORS, *VALUES, *DISPLAY, *PERSON, *SIGNALS, *ADHOC, *SECRETS)

SAMPLE = (
    # Strategies, batches, and who a task runs on.
    "linear",
    "free",
    "serial",
    "run_once",
    "delegations",
    # What a result is made of: loops, retries, polls, templates, and what is judged, rescued or not reached.
    "templates",
    "loops",
    "include_loops",
    "until",
    "async",
    "blocks",
    "judged",
    "unreachable",
    "gather",
    # What changes the course of a play.
    "max_fail_percentage",
    "handlers",
    "force_handlers",
    "end_host",
    "roles",
    "inventory_grows",
    "told",
    # Options that change what a run does or means.
    "check_diff",
    "tags",
    "limit",
    "several",
    # Errors of playbooks and of Ansible, and output past its display.
    "undefined",
    "not_yaml",
    "modules",
    "workers",
    # Values and texts, and how they are printed.
    "values",
    "unicode",
    "yaml_verbose",
    "colour",
    "minimal",
    # People, and signals.
    "prompts",
    "debugger_redo",
    "interrupt",
    "terminate_async",
    "kill",
    # Ad-hoc commands.
    "command",
    "command_unreachable",
    "command_async",
    # Secrets, by each way that they come in.
    "secrets",
    "vault",
)
"""Names of the cases that `make test` runs: one for each feature of Ansible that a record tells something of. The other
cases vary these by an option, a variable or a signal, and run in the whole matrix.
"""
