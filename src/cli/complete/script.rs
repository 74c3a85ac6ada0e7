//! Scripts that complete command lines: clap's, which know every command and option, with a request to the collector
//! before them.

use clap::Command;
use clap_complete::Shell;

use super::typed::kind_of;

/// Requests values first. clap's own function, under another name, completes the rest. In all shells, values stay in the
/// collector's order: the newest execution first.
const BASH: &str = r#"
_playback() {
    local answer value quoted current="${COMP_WORDS[COMP_CWORD]}"
    if answer=$("${COMP_WORDS[0]}" __complete bash -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); then
        COMPREPLY=()
        while IFS= read -r value; do
            [[ -n $value ]] || continue
            case $current in
                [\'\"]*) quoted=$value ;;
                # A comma means something only between braces, which are quoted.
                *) printf -v quoted %q "$value"; quoted=${quoted//\\,/,} ;;
            esac
            COMPREPLY+=("$quoted")
        done <<< "$answer"
        # The value of a field follows without a blank.
        if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]]; then
            compopt -o nospace 2>/dev/null
        fi
    else
        _playback_by_clap "$@"
    fi
}

"#;

const ZSH: &str = r#"
_playback() {
    local answer line
    local -a values shown fields shown_fields
    if answer="$("${words[1]}" __complete zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)"; then
        for line in "${(@f)answer}"; do
            [[ -n $line ]] || continue
            # The value of a field follows without a blank.
            if [[ "${line%%$'\t'*}" == *: ]]; then
                fields+=("${line%%$'\t'*}")
                shown_fields+=("${line/$'\t'/  }")
            else
                values+=("${line%%$'\t'*}")
                shown+=("${line/$'\t'/  }")
            fi
        done
        compset -P '--*='
        compadd -V values -l -d shown -a values
        compadd -S '' -V fields -l -d shown_fields -a fields
    else
        _playback_by_clap "$@"
    fi
}

"#;

const FISH: &str = r"
function __fish_playback_collector
    playback __complete fish -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
";

/// The script for a shell.
pub(super) fn of(shell: Shell, command: &mut Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "playback", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => before_claps(&script, BASH),
        Shell::Zsh => before_claps(&script, ZSH),
        Shell::Fish => script + FISH + &fish(command),
        _ => script,
    }
}

/// The script with our function in place of clap's, which gets another name.
fn before_claps(script: &str, ours: &str) -> String {
    let Some(at) = script
        .starts_with("_playback() {")
        .then_some(0)
        .or_else(|| script.find("\n_playback() {").map(|at| at + 1))
    else {
        return script.to_owned();
    };
    let (head, function) = script.split_at(at);
    let function = function.replacen("_playback()", "_playback_by_clap()", 1);
    format!("{head}{}{function}", ours.trim_start())
}

/// A line for each argument whose values the collector knows.
fn fish(command: &Command) -> String {
    let mut lines = String::new();
    for command in command.get_subcommands() {
        for argument in command.get_arguments() {
            if kind_of(command, argument).is_none() {
                continue;
            }
            let option = match (argument.get_long(), argument.get_short()) {
                (Some(long), _) => format!(" -l {long} -r"),
                (None, Some(short)) => format!(" -s {short} -r"),
                (None, None) => String::new(),
            };
            lines.push_str(&format!(
                "complete -c playback -n \"__fish_seen_subcommand_from {}\"{option} -f -k -a '(__fish_playback_collector)'\n",
                command.get_name()
            ));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::super::Cli;
    use super::super::typed::Kind;
    use super::*;

    #[test]
    fn the_collector_is_asked_before_claps_function() {
        for (shell, ours) in [(Shell::Bash, BASH), (Shell::Zsh, ZSH)] {
            let script = of(shell, &mut Cli::command());
            assert!(script.contains(ours.trim()), "{shell}");
            assert_eq!(script.matches("_playback() {").count(), 1, "{shell}");
            assert_eq!(
                script.matches("_playback_by_clap() {").count(),
                1,
                "{shell}"
            );
        }
        let script = of(Shell::Fish, &mut Cli::command());
        for line in [
            "\"__fish_seen_subcommand_from show\" -f -k -a",
            "\"__fish_seen_subcommand_from list\" -l host -r -f -k -a",
        ] {
            assert!(script.contains(line), "{line}");
        }
    }

    #[test]
    fn every_argument_that_the_collector_knows_is_found() {
        let mut all = Cli::command();
        all.build();
        let found = |kind: Kind| -> Vec<&str> {
            let commands = all.get_subcommands().filter(|command| {
                let mut arguments = command.get_arguments();
                arguments.any(|argument| kind_of(command, argument) == Some(kind))
            });
            commands.map(Command::get_name).collect()
        };
        let ids = found(Kind::Id);
        for command in [
            "show", "why", "follow", "cancel", "pin", "unpin", "delete", "redact", "replay",
            "list", "diff", "export",
        ] {
            assert!(ids.contains(&command), "{command}: {ids:?}");
        }
        for kind in [
            Kind::Playbook,
            Kind::Inventory,
            Kind::Host,
            Kind::Label,
            Kind::User,
        ] {
            let found = found(kind);
            assert!(
                found.contains(&"list") && found.contains(&"stats"),
                "{kind:?}: {found:?}"
            );
            assert!(
                !found.contains(&"run") && !found.contains(&"login"),
                "{kind:?}: {found:?}"
            );
        }
    }
}
