//! Requests of any form, by templates in the language of Jinja. A template that loops or grows without end is stopped.

use std::io;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde_json::json;
use uuid::Uuid;

use super::super::notice::Notice;

/// Steps that a template may take. A template that lists everything of a notice takes some thousand.
const FUEL: u64 = 100_000;

/// Longest text that a template may give, in bytes.
const LONGEST: usize = 256 << 10;

/// In place of the token in what the log keeps.
pub const MARK: &str = "***";

/// Renders a template: `name` says which one an error is about, and `token` is the target's secret for it.
///
/// # Errors
/// It is no template, names something that does not exist, or takes too long; the text says where.
pub fn render(
    name: &str,
    template: &str,
    notice: &Notice,
    id: Uuid,
    token: Option<&str>,
) -> Result<String, String> {
    let mut environment = environment();
    let failed = |error: &minijinja::Error| {
        let line = error.line().map(|line| format!(", line {line}"));
        let cause = match error.kind() {
            minijinja::ErrorKind::OutOfFuel => "it takes too many steps".to_owned(),
            minijinja::ErrorKind::WriteFailure => "it gives too much text".to_owned(),
            _ => match error.detail() {
                Some(detail) => format!("{}: {detail}", error.kind()),
                None => error.kind().to_string(),
            },
        };
        format!(
            "the template {name}{} fails: {cause}",
            line.unwrap_or_default()
        )
    };
    let id = format!("msg_{}", id.simple());
    environment
        .add_template_owned(name.to_owned(), template.to_owned())
        .map_err(|error| failed(&error))?;
    let found = environment.get_template(name);
    let template = found.map_err(|error| failed(&error))?;
    let mut context = json!({ "id": id, "type": notice.r#type, "timestamp": notice.timestamp });
    let data = serde_json::to_value(&notice.data).unwrap_or_default();
    if let (Some(context), Some(data)) = (context.as_object_mut(), data.as_object()) {
        context.extend(data.clone());
        context.extend(token.map(|token| ("token".to_owned(), token.into())));
    }
    let mut text = Bounded(Vec::new());
    let done = template.render_captured_to(Value::from(Serde(context)), &mut text);
    done.map_err(|error| failed(&error))?;
    String::from_utf8(text.0).map_err(|_| format!("the template {name} gives no text"))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    // Fields that a notice does not have are empty; what is below them fails.
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    // No HTML: quoting is up to the template (`| tojson`).
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

/// A text that does not grow beyond its limit.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
