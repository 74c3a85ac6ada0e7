//! Files of Ansible's callback `junit`: a test case for each task and host. They contain neither when anything began,
//! nor who ran it; the time when the file was written is in its name.
//!
//! - `xml`: reads the test cases
//! - `name`: what the name of a test case and of a file says
//! - `translate`: the test cases as a run

mod name;
mod translate;
mod xml;

use playback_redact::Rules;

use super::{NotTranslated, TranslatedRun};

/// Translates a file, which has this name.
///
/// # Errors
/// It is no file of the callback, or damaged, or its name says no time.
pub fn translate(
    text: &str,
    file_name: &str,
    rules: Option<&Rules>,
) -> Result<TranslatedRun, NotTranslated> {
    let suite = xml::read(text)?;
    let Some(written_us) = name::time_of_file(file_name) else {
        return Err(NotTranslated::new(
            "nothing in it says when it ran, except its name, which was changed: the callback calls a file \
             PLAYBOOK-SECONDS.xml, with the seconds since 1970. Give it such a name",
        ));
    };
    translate::run(&suite, written_us, rules)
}
