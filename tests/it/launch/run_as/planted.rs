//! Files that the runs' user puts into its own folders do no harm.

use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use super::{site, start};
use crate::harness::eventually;
use crate::launch::{GATED, launch_playbook, printed};

/// Fills the run's folders with everything that is no spool of its own. `$VICTIM` is root's.
const PLANT: &str = r#"set -u
ID=$(basename "$(dirname "$PLAYBACK_SPOOL_DIR")")
for folder in "$PLAYBACK_SPOOL_DIR" "$(dirname "$PLAYBACK_TOKEN_FILE")"; do
    cd "$folder"
    ln -s "$VICTIM" 00000000-0000-7000-8000-000000000001.recorder.ndjson
    ln "$VICTIM" 00000000-0000-7000-8000-000000000002.recorder.ndjson 2> /dev/null
    ln "$MARKS/own" 00000000-0000-7000-8000-000000000003.recorder.ndjson
    mkfifo 00000000-0000-7000-8000-000000000004.recorder.ndjson
    [ "$1" = small ] || truncate -s 1T 00000000-0000-7000-8000-000000000005.recorder.ndjson
    ln -s "$VICTIM" $ID.supervisor.ndjson
    ln -s "$VICTIM" $ID.supervisor.ndjson.rejected.txt
    ln -s "$(dirname "$VICTIM")" linked
    ln -s / root
    mkdir folder && touch folder/file
    for level in $(seq 300); do mkdir d && cd -P d || break; done
done
rm -f "$PLAYBACK_TOKEN_FILE" && ln -s "$VICTIM" "$PLAYBACK_TOKEN_FILE"
ln -sf "$VICTIM" $HOME/.ansible.cfg
touch $MARKS/planted
"#;

fn playbook(size: &str) -> String {
    format!(
        "- hosts: web-01\n  gather_facts: false\n  tasks:\n    \
         - debug:\n        msg: \"{{{{ lookup('pipe', 'sh $MARKS/plant.sh {size}') }}}}\"\n"
    )
}

#[test]
fn links_pipes_and_the_like_do_no_harm() {
    let site = site();
    let victim = site.write("keys", "victim/file", "nobody's but root's\n");
    for (path, mode) in [(victim.parent().unwrap(), 0o755), (&victim, 0o600)] {
        super::open(path, mode);
    }
    let site = site.environment("VICTIM", &victim.display().to_string());
    site.write("marks", "own", "");
    super::give(&site.path("marks/own"));
    site.write("marks", "plant.sh", PLANT);
    site.playbook("plant.yml", &playbook("small"));
    let gate = GATED.split_once("  tasks:\n").unwrap().1;
    site.playbook("plant-and-wait.yml", &format!("{}{gate}", playbook("huge")));
    let mut collector = start(&site);
    let client = collector.client();
    let untouched = || {
        let found = std::fs::metadata(&victim).unwrap();
        assert_eq!((found.uid(), found.mode() & 0o777), (0, 0o600));
        let text = std::fs::read_to_string(&victim).unwrap();
        assert_eq!(text, "nobody's but root's\n");
    };

    // Everybody ends as they should.
    let id = launch_playbook(&client, "plant.yml");
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{record}");
    site.reached("planted");
    assert_eq!(record["events"]["complete"], true, "{record}");
    untouched();
    site.cleared(id);

    // Somebody must deliver what was left among all that. That it takes as long as a terabyte is the run's own loss.
    std::fs::remove_file(site.path("marks/planted")).unwrap();
    let id = launch_playbook(&client, "plant-and-wait.yml");
    site.reached("began-run");
    let supervisor = site.supervisor(id);
    let children = format!("/proc/{supervisor}/task/{supervisor}/children");
    let children = std::fs::read_to_string(children).unwrap();
    collector.kill();
    let mut words = vec!["-9".to_owned(), supervisor.to_string()];
    words.extend(children.split_whitespace().map(str::to_owned));
    assert!(Command::new("kill").args(words).status().unwrap().success());
    collector.launch();
    let record = client.finished(id);
    assert_eq!(record["reason"], "lost", "{record}");
    // What the supervisor had seen is in a folder of its own.
    assert!(printed(&record).contains("PLAY [web-01]"), "{record}");
    untouched();
    // Other runs go on meanwhile.
    site.make("go");
    let other = launch_playbook(&client, "plant.yml");
    let record = client.finished(other);
    assert_eq!(record["status"], "success", "{record}");
    site.cleared(other);
    untouched();
    let answers = eventually("the collector to answer", || {
        client.try_send("GET", "/readyz", &[], b"")
    });
    assert_eq!(answers.status, 200);
}
