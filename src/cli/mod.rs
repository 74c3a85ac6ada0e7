//! The commands. Errors name the next step, `--json` is for scripts, tables are for people.
//!
//! Exit codes: 0 done, 1 failed, 2 the command line is wrong; `run`, `adhoc`, `replay`, `follow` and `exec` return the
//! run's own; `diff --exit-code` has those of diff(1).
//!
//! Layout:
//! - one module for each command; `launch` has the three that launch a run, and `complete` the two
//!   that complete command lines in shells
//! - `out`: the one place that prints; `when`, `summary`: formatting
//! - `client`, `filters`, `query`, `pages`, `pick`, `socket`: requests to a collector; `database`: commands that open its database
//! - `ids`: ids as people read and type them
//! - `login`, `logins`: which collector and token a command uses
//! - `environment`: settings that are not options

#[cfg(target_os = "linux")]
mod as_user;
mod audit;
mod budgets;
mod cancel;
mod client;
mod complete;
mod copy;
mod costs;
mod database;
mod delete;
mod diff;
#[cfg(target_os = "linux")]
mod doctor;
mod documents;
mod environment;
mod estimate;
#[cfg(target_os = "linux")]
mod exec;
mod export;
mod filters;
mod flush;
mod follow;
mod hosts;
mod ids;
mod import;
mod launch;
mod list;
mod login;
mod logins;
mod mcp;
mod migrate;
mod notify;
mod open;
mod out;
mod pages;
mod pick;
mod pin;
mod prune;
mod query;
mod rebuild;
mod recorder_settings;
mod redact;
mod report;
mod reports;
mod schedule;
mod search;
mod secret;
mod serve;
#[cfg(target_os = "linux")]
mod shim;
mod show;
mod socket;
mod sources;
mod stats;
mod summary;
mod tasks;
mod token;
mod trends;
mod used;
mod watch;
mod when;
mod why;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use database::DatabaseArgs;

/// The hint for a user who has not connected to a collector yet.
const AFTER_HELP: &str = "\
Begin with: playback login URL, playback list, playback show latest

Options select the collector and the token (--url, --context, --token-file),
otherwise environment variables (PLAYBACK_URL, PLAYBACK_TOKEN,
PLAYBACK_TOKEN_FILE, PLAYBACK_CONTEXT), otherwise your login.
With --json, commands print JSON for scripts.

Exit codes: 0 done, 1 failed, 2 the command line is wrong; \"run\", \"adhoc\",
\"replay\", \"follow\" and \"exec\" exit with the run's exit code.";

/// The commands, grouped by purpose. A test checks that every command is listed.
const HELP: &str = "\
{about}

{usage-heading} {usage}

Look at the history:
  why          Explain why a run failed: what went wrong, where, since when
  diff         Compare two runs, or a run with the last that succeeded
  search       Search what all runs printed and what their tasks returned
  list         List executions, newest first
  show         Show one execution: its recap, what failed and why, its output
  follow       Print a run's lines as they arrive
  open         Open a run's page in the browser, logged in
  watch        Print a line for each run that starts or ends
  playbooks    List playbooks: their runs, and how the last one went
  hosts        List hosts: how the last run of each went, and what changed it
  host         Show one host: its runs, what tasks changed on it, its facts
  inventories  List inventories: their runs, and how the last one went
  trends       Show how runs develop: durations, flaky and not idempotent tasks
  stats        Count executions: how they ended, how long they took, what failed
  report       Report what ran in a period, compared with the period before
  reports      Show the reports that the collector makes, and schedule them
  budgets      Show how much of each budget is spent
  export       Export runs, results, hosts or lines, or one run as a document
  import       Import runs of another collector, of ARA, of callbacks
  mcp          Let an assistant read the history, over MCP
  login        Log in to a collector, once, for all further commands
  logout       Delete a login
  whoami       Show which collector is used, and what your token allows
  context      List your logins, or choose one of them

Run Ansible from the collector's machine:
  run          Run a playbook, and follow it
  adhoc        Run a module on hosts, and follow it
  replay       Repeat a run
  cancel       Cancel a run
  schedule     Run playbooks by the clock: list, create, change, pause, delete

Record runs on this machine:
  exec         Run a command and record its output, exit code and cost
  flush        Deliver runs that recorders on this machine could not deliver
  shim         Record every Ansible command without typing \"exec\"
  doctor       Check what is and is not recorded on this machine, and why

Tell people what happens:
  notify       Tell chats, mail and webhooks when playbooks break or recover

Keep the history small and clean:
  prune        Delete old executions, or their output
  delete       Delete executions by their ids
  pin          Pin an execution, so that nothing deletes it
  unpin        Unpin an execution, so that it can be deleted
  redact       Hide values in an execution permanently
  audit        Show who changed what, and check that no entry is missing

Serve a history:
  serve        Run the collector
  token        Create, list and revoke tokens
  migrate      Bring the database's schema up to date
  copy         Copy a history into another database
  rebuild      Rebuild tables from the event log
  openapi      Print the OpenAPI document of the API
  completions  Print a script that completes this command line in a shell

\"playback help COMMAND\" describes a command.

Options:
{options}{after-help}";

/// Execution history for Ansible.
#[derive(Debug, Parser)]
#[command(
    name = "playback",
    version,
    about,
    propagate_version = true,
    help_template = HELP,
    after_help = AFTER_HELP
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the collector: receive events, serve the history
    Serve(serve::Serve),
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    AsUser(as_user::AsUser),
    #[cfg(target_os = "linux")]
    Exec(exec::Exec),
    #[cfg(target_os = "linux")]
    Shim(shim::Shim),
    #[cfg(target_os = "linux")]
    Doctor(doctor::Doctor),
    Run(Box<launch::Run>),
    Adhoc(Box<launch::Adhoc>),
    Replay(Box<launch::Replay>),
    Cancel(cancel::Cancel),
    Schedule(schedule::ScheduleArgs),
    /// Create, list and revoke tokens
    Token(token::Token),
    /// List executions, newest or longest first
    List(Box<list::List>),
    /// Show one execution: its outcome, its recap, what failed, its output
    Show(show::Show),
    Why(why::Why),
    Search(search::Search),
    Diff(Box<diff::Diff>),
    /// List playbooks: how often each ran, how many runs succeeded, and how the last one went
    Playbooks(Box<used::Used>),
    /// List inventories: how often each was used, how many runs succeeded, and how the last one went
    Inventories(Box<used::Used>),
    Hosts(Box<hosts::Hosts>),
    Host(Box<hosts::Host>),
    Stats(Box<stats::Stats>),
    Trends(Box<trends::TrendsArgs>),
    Report(Box<report::ReportArgs>),
    Reports(Box<reports::Reports>),
    Budgets(budgets::Budgets),
    Export(Box<export::Export>),
    Import(Box<import::Import>),
    Mcp(mcp::Mcp),
    #[command(name = "login")]
    LogIn(login::LogIn),
    #[command(name = "logout")]
    LogOut(login::LogOut),
    #[command(name = "whoami")]
    WhoAmI(login::WhoAmI),
    #[command(name = "context")]
    Contexts(login::Contexts),
    /// Print a run's lines as they arrive; exits with the run's exit code
    Follow(follow::Follow),
    Open(open::Open),
    Watch(Box<watch::Watch>),
    /// Deliver runs that recorders on this machine could not deliver
    Flush(flush::Flush),
    /// Bring the database's schema up to date, or show pending migrations
    Migrate(migrate::Migrate),
    Notify(notify::Notify),
    Redact(redact::Redact),
    Audit(audit::Audit),
    Prune(prune::Prune),
    Delete(delete::Delete),
    Pin(pin::Pin),
    Unpin(pin::Unpin),
    /// Rebuild tables from the event log
    Rebuild(rebuild::Rebuild),
    Copy(copy::Copy),
    /// Print the OpenAPI document of the API
    Openapi(documents::OpenApi),
    /// Print a script that completes this command line in a shell
    Completions(complete::Completions),
    #[command(name = "__complete", hide = true)]
    Complete(complete::Complete),
}

/// The command line is invalid in a way that clap does not check.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Wrong(String);

/// Runs the command that the process was given.
#[must_use]
pub fn main() -> ExitCode {
    playback_producer::limits::outlive_file_size_limit();
    let cli = Cli::try_parse()
        .unwrap_or_else(|error| filters::with_names(error, typed_command().as_deref()).exit());
    let done = match cli.command {
        Command::Serve(command) => serve::run(command),
        #[cfg(target_os = "linux")]
        Command::AsUser(command) => as_user::run(command),
        #[cfg(target_os = "linux")]
        Command::Exec(command) => exec::run(command),
        #[cfg(target_os = "linux")]
        Command::Shim(command) => shim::run(&command),
        #[cfg(target_os = "linux")]
        Command::Doctor(command) => doctor::run(&command),
        Command::Run(command) => launch::run(&command),
        Command::Adhoc(command) => launch::adhoc(&command),
        Command::Replay(command) => launch::replay(&command),
        Command::Cancel(command) => cancel::run(&command),
        Command::Schedule(command) => schedule::run(&command),
        Command::Token(command) => token::run(command),
        Command::List(command) => list::run(&command),
        Command::Show(command) => show::run(&command),
        Command::Why(command) => why::run(&command),
        Command::Search(command) => search::run(&command),
        Command::Diff(command) => diff::run(&command),
        Command::Playbooks(command) => used::run(&command, &used::PLAYBOOKS),
        Command::Inventories(command) => used::run(&command, &used::INVENTORIES),
        Command::Hosts(command) => hosts::list(&command),
        Command::Host(command) => hosts::show(&command),
        Command::Stats(command) => stats::run(&command),
        Command::Trends(command) => trends::run(&command),
        Command::Report(command) => report::run(&command),
        Command::Reports(command) => reports::run(&command),
        Command::Budgets(command) => budgets::run(&command),
        Command::Export(command) => export::run(&command),
        Command::Import(command) => import::run(&command),
        Command::Mcp(command) => mcp::run(&command),
        Command::LogIn(command) => login::log_in(&command),
        Command::LogOut(command) => login::log_out(&command),
        Command::WhoAmI(command) => login::whoami(&command),
        Command::Contexts(command) => login::contexts(&command),
        Command::Follow(command) => follow::run(&command),
        Command::Open(command) => open::run(&command),
        Command::Watch(command) => watch::run(&command),
        Command::Flush(command) => flush::run(command),
        Command::Migrate(command) => migrate::run(command),
        Command::Notify(command) => notify::run(&command),
        Command::Redact(command) => redact::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Prune(command) => prune::run(&command),
        Command::Delete(command) => delete::run(&command),
        Command::Pin(command) => pin::pin(&command),
        Command::Unpin(command) => pin::unpin(&command),
        Command::Rebuild(command) => rebuild::run(command),
        Command::Copy(command) => copy::run(command),
        Command::Openapi(command) => documents::openapi(&command),
        Command::Completions(command) => complete::completions(&command),
        Command::Complete(command) => complete::run(&command),
    };
    match done {
        Ok(code) => code,
        // The reader has seen enough (`| head`), which is not a failure.
        Err(error) if error.is::<out::Closed>() => ExitCode::SUCCESS,
        Err(error) if error.is::<Wrong>() => {
            let error = usage().error(ErrorKind::ValueValidation, error);
            // If standard error is closed, the error cannot be reported.
            let _ = error.print();
            ExitCode::from(2)
        }
        Err(error) => {
            out::note(format_args!("playback: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The name of the command that was typed.
fn typed_command() -> Option<String> {
    // Arguments may be any bytes.
    let words = std::env::args_os().skip(1);
    let mut words = words.filter_map(|word| word.into_string().ok());
    words.find(|word| !word.starts_with('-'))
}

/// All commands with their options.
#[must_use]
pub fn command() -> clap::Command {
    let mut all = Cli::command();
    // From here on, the commands know that their names begin with "playback".
    all.build();
    all
}

/// The command that was typed, for errors that show how it is used; the whole program if there is none.
fn usage() -> clap::Command {
    let all = command();
    let typed = typed_command().and_then(|name| all.find_subcommand(name).cloned());
    typed.unwrap_or(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_command() {
        let command = Cli::command();
        for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            let name = one.get_name();
            let line = format!("\n  {name} ");
            assert!(name == "help" || HELP.contains(&line), "{name}");
        }
        for line in HELP.lines().chain(AFTER_HELP.lines()) {
            assert!(line.chars().count() <= 80, "{line}");
        }
        // Options that print information come first.
        let listed = HELP.lines().filter_map(|line| line.strip_prefix("  "));
        let first: Vec<&str> = listed
            .filter_map(|line| line.split(' ').next())
            .take(3)
            .collect();
        assert_eq!(first, ["why", "diff", "search"]);
    }
}
