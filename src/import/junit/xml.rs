//! Reads the test cases of a file. Declarations of a document type are refused: entities that they define may expand
//! without limit, and the callback writes none.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::name::CaseName;
use crate::import::NotTranslated;

/// A file.
#[derive(Debug, Default)]
pub(super) struct Suite {
    /// Its name: the playbook's, without its ending.
    pub(super) name: String,
    /// Its test cases, in order.
    pub(super) cases: Vec<Case>,
}

/// A test case.
#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) name: String,
    /// File and line.
    pub(super) class: String,
    /// From the beginning of the task to its end on this host, in microseconds.
    pub(super) took_us: i64,
    pub(super) ended: Ended,
    /// What it printed: the result as JSON.
    pub(super) out: String,
}

/// How a test case ended.
#[derive(Debug, Default)]
pub(super) enum Ended {
    /// It passed.
    #[default]
    Passed,
    /// It was skipped, for this reason.
    Skipped(String),
    /// It failed: a message, and the result as JSON or a traceback.
    Failed { message: String, text: String },
}

/// The element whose text is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Out,
    Failure,
    Skipped,
}

/// Reads a file.
///
/// # Errors
/// It is no XML, was cut, or is not a file of the callback.
pub(super) fn read(text: &str) -> Result<Suite, NotTranslated> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    let mut suite = Suite::default();
    let mut open: Option<Case> = None;
    let mut within = Within::Nothing;
    let mut depth = 0_usize;
    let mut is_begun = false;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| damaged(&reader, &error.to_string()))?;
        match event {
            Event::Start(start) => {
                depth += 1;
                within = begin(&start, &mut is_begun, &mut suite, &mut open)?;
            }
            Event::Empty(start) => {
                begin(&start, &mut is_begun, &mut suite, &mut open)?;
                if name_of(&start) == "testcase" {
                    suite.cases.extend(open.take());
                }
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                within = Within::Nothing;
                if end.name().into_inner() == "testcase" {
                    suite.cases.extend(open.take());
                }
            }
            Event::Text(text) => add(&mut open, within, &text.xml10_content()),
            Event::CData(text) => add(&mut open, within, &text.xml10_content()),
            Event::GeneralRef(entity) => {
                let letter = entity.resolve_char_ref().ok().flatten();
                let mut buffer = [0; 4];
                let text = match (letter, &*entity.xml10_content()) {
                    (Some(letter), _) => letter.encode_utf8(&mut buffer),
                    (None, "amp") => "&",
                    (None, "lt") => "<",
                    (None, "gt") => ">",
                    (None, "quot") => "\"",
                    (None, "apos") => "'",
                    (None, name) => {
                        return Err(damaged(&reader, &format!("nothing defines &{name};")));
                    }
                };
                add(&mut open, within, text);
            }
            Event::DocType(_) => {
                return Err(NotTranslated::new(
                    "it declares a document type (<!DOCTYPE), which the callback junit never does",
                ));
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if depth > 0 {
        return Err(NotTranslated::new(
            "the text ends before its last element does: it was cut",
        ));
    }
    if suite.cases.is_empty() {
        return Err(NotTranslated::new("there is no test case in it"));
    }
    Ok(suite)
}

/// An element begins.
fn begin(
    start: &BytesStart<'_>,
    is_begun: &mut bool,
    suite: &mut Suite,
    open: &mut Option<Case>,
) -> Result<Within, NotTranslated> {
    let name = name_of(start);
    if !std::mem::replace(is_begun, true) && !["testsuites", "testsuite"].contains(&name) {
        return Err(NotTranslated(format!(
            "its first element is <{name}>: this is not JUnit XML"
        )));
    }
    let attribute = |name: &str| -> Result<String, NotTranslated> {
        let found = start
            .try_get_attribute(name)
            .map_err(|error| NotTranslated(format!("an attribute cannot be read: {error}")))?;
        let value = found.map(|found| found.normalized_value(XmlVersion::Implicit1_0));
        let value = value.transpose().map_err(|error| {
            NotTranslated(format!("the attribute {name} cannot be read: {error}"))
        })?;
        Ok(value.unwrap_or_default().into_owned())
    };
    match (name, open.as_mut()) {
        ("testsuite", _) => suite.name = attribute("name")?,
        ("testcase", _) => {
            let case = Case {
                name: attribute("name")?,
                class: attribute("classname")?,
                took_us: seconds(&attribute("time")?),
                ..Case::default()
            };
            // Playback's own files name the file and the line of each task.
            if CaseName::read(&case.name).is_none() || !attribute("file")?.is_empty() {
                return Err(NotTranslated(format!(
                    "this is JUnit XML, but not of Ansible's callback junit: the test case {:?} \
                     names no host and play in its way",
                    case.name
                )));
            }
            *open = Some(case);
        }
        ("system-out", Some(_)) => return Ok(Within::Out),
        ("failure" | "error", Some(case)) => {
            case.ended = Ended::Failed {
                message: attribute("message")?,
                text: String::new(),
            };
            return Ok(Within::Failure);
        }
        ("skipped", Some(case)) => {
            case.ended = Ended::Skipped(attribute("message")?);
            return Ok(Within::Skipped);
        }
        _ => {}
    }
    Ok(Within::Nothing)
}

/// Adds to a text.
fn add(open: &mut Option<Case>, within: Within, more: &str) {
    let Some(case) = open else { return };
    match (within, &mut case.ended) {
        (Within::Out, _) => case.out.push_str(more),
        (Within::Failure, Ended::Failed { text, .. }) => text.push_str(more),
        (Within::Skipped, Ended::Skipped(text)) => text.push_str(more),
        _ => {}
    }
}

fn name_of<'s>(start: &'s BytesStart<'_>) -> &'s str {
    start.name().into_inner()
}

/// Seconds as microseconds; 0 if they make no sense.
fn seconds(text: &str) -> i64 {
    const YEAR: f64 = 366.0 * 86_400.0;
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..YEAR).contains(&seconds) => (seconds * 1e6) as i64,
        _ => 0,
    }
}

fn damaged(reader: &Reader<&[u8]>, why: &str) -> NotTranslated {
    NotTranslated(format!(
        "it is no XML, or it was cut, at byte {}: {why}",
        reader.error_position().max(reader.buffer_position())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_and_foreign_files_are_refused_with_the_reason() {
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\
                    <testsuites><testsuite name=\"&b;\"/></testsuites>";
        let case = |name: &str| {
            format!("<testsuites><testsuite><testcase name=\"{name}\"/></testsuite></testsuites>")
        };
        for (text, told) in [
            (bomb.to_owned(), "DOCTYPE"),
            ("<html><body/></html>".to_owned(), "first element is <html>"),
            (case("test_x"), "names no host"),
            (case("&b;"), "cannot be read"),
            ("<testsuites>".to_owned(), "cut"),
            ("<testsuites><testsuite></testsuites>".to_owned(), "no XML"),
            ("<testsuites><testsuite name=\"a".to_owned(), "cut"),
            ("<testsuites/>".to_owned(), "no test case"),
            (String::new(), "no test case"),
            (
                case("[h] P: T").replace("/></testsuite>", ">&x;</testcase></testsuite>"),
                "nothing defines &x;",
            ),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn texts_and_attributes_are_unescaped() {
        let text = "<?xml version=\"1.0\" ?>\n<testsuites><testsuite name=\"odd\">\
            <testcase classname=\"/a.yml:6\" name=\"[h1] P: T &quot;x&quot;\" time=\"0.5\">\
            <system-out>{&quot;a&quot;: &quot;&#246; &lt;&amp;&quot;}</system-out></testcase>\
            <testcase name=\"[h1] P: U\"><failure message=\"a&#10;b\" type=\"failure\">t</failure></testcase>\
            <testcase name=\"[h1] P: V\"><skipped>skipped</skipped></testcase>\
            <testcase name=\"[h1] P: W\"/></testsuite></testsuites>";
        let suite = read(text).unwrap();
        let [passed, failed, skipped, last] = suite.cases.as_slice() else {
            panic!("{suite:?}");
        };
        assert_eq!((suite.name.as_str(), passed.took_us), ("odd", 500_000));
        assert_eq!(passed.name, "[h1] P: T \"x\"");
        assert_eq!(passed.out, "{\"a\": \"ö <&\"}");
        assert!(
            matches!(&failed.ended, Ended::Failed { message, text } if message == "a\nb" && text == "t")
        );
        assert!(matches!(&skipped.ended, Ended::Skipped(text) if text == "skipped"));
        assert!(matches!(&last.ended, Ended::Passed));
    }
}
