//! Output of a run at a terminal.

use super::super::{command, run};
use super::DEPLOY;
use crate::exec_terminal::Person;
use crate::harness::{Collector, eventually};
use crate::launch::{GATED, Site};

/// A person who types this.
fn person(collector: &Collector, arguments: &[&str]) -> Person {
    let mut command = command(collector, arguments);
    command.env("TERM", "xterm");
    Person::runs(command)
}

#[test]
fn a_person_sees_how_the_run_stands() {
    let site = Site::new();
    site.playbook("gated.yml", GATED);
    let collector = site.start();
    let mut first = person(&collector, &["run", "gated.yml", "-i", "prod"]);
    site.reached("began-run");
    first.sees("TASK [Begin]");
    first.sees("running: 1 task done on 1 host");
    first.types("\x03");
    assert_eq!(first.leaves().code(), Some(130), "{}", first.screen());
    first.sees("the run goes on: \"playback cancel ");
    let list = run(&collector, &["list", "--status", "running"]);
    assert!(
        list.ok().contains("gated.yml"),
        "Ctrl-C is not for the run: {list:?}"
    );
    let mut second = person(&collector, &["follow", "latest"]);
    second.sees("running: 1 task done");
    site.make("go");
    assert!(second.leaves().success());
    second.sees("playback: success after ");
    // The lines are whole, and stay when the line below them goes.
    let screen = second.screen();
    let output = run(&collector, &["show", "latest", "--output"]);
    let ends: Vec<&str> = screen.split(['\r', '\n']).collect();
    for line in output.ok().lines() {
        let seen = ends.iter().any(|part| part.ends_with(line));
        assert!(seen, "{line:?} is not in {screen:?}");
    }
    assert!(second.terminal_is_usual());
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let site = Site::new();
    site.playbook("deploy.yml", DEPLOY);
    let collector = site.start();
    let mut person = person(&collector, &["run", "deploy.yml", "-i", "prod", "-J"]);
    person.sees("Vault password: ");
    eventually("the terminal to show no keys", || {
        (!person.terminal_is_usual()).then_some(())
    });
    person.types("open sesame\r");
    assert!(person.leaves().success());
    person.sees("playback: success");
    assert!(!person.screen().contains("sesame"), "{}", person.screen());
    assert!(person.terminal_is_usual());
}
