//! `playback search`: lines of all runs.

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;
use unicode_width::UnicodeWidthStr as _;
use uuid::Uuid;

use super::client::{Client, ClientArgs};
use super::out::{Colour, Column, Layout, Out, cut_around, cut_front, hint, note, plain};
use super::{filters, ids, query, when};
use crate::clock::Clock;
use crate::model::{Facet, FacetCount, FoundRun, SearchFacets, SearchHit, SearchPage, Status};

/// Number of lines in one request.
const PAGE: usize = 200;

/// Default time limit for counting, in seconds.
const COUNTING: f64 = 30.0;

/// Search printed lines and returned data of all runs
///
/// Words match whole words, ignoring case; "phrases", prefix*, *part* and /regular expressions/ work, too. All must be
/// in the same line, unless they are joined by OR. Fields limit the search to lines of a host, task or module
/// (host:web-*, task:"Install nginx", module:apt), to sources (in:stderr) and to runs (status:failed,
/// playbook:site.yml, since:7d). docs/search.md describes the language.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// What to search for, as in '"connection refused" host:web-* since:7d'
    #[arg(value_name = "QUERY", required = true)]
    words: Vec<String>,
    /// Show at most this many lines
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Also show this many lines before and after each line
    #[arg(long, short = 'C', default_value_t = 0, value_name = "LINES", value_parser = clap::value_parser!(u8).range(0..=20))]
    context_lines: u8,
    /// Count the lines instead of showing them: by playbook, host, task, module, status or day (several, joined by commas)
    #[arg(long, value_name = "FACET", value_delimiter = ',', value_parser = filters::names(&Facet::ALL, Facet::as_str))]
    by: Vec<String>,
    /// Stop after this many seconds: the answer then says how far back it searched. By default, a search continues
    /// until there are enough lines, and counting takes 30 seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<f64>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's answer, with a next_cursor to continue
    #[arg(long)]
    json: bool,
    /// Continue where an earlier answer ended: its next_cursor
    #[arg(long)]
    cursor: Option<String>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=60.0).contains(&seconds) => Ok(seconds),
        _ => Err("it must be from 0.1 to 60".to_owned()),
    }
}

pub(super) fn run(command: &Search) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let query = query::about_lines(&command.words, &clock)?;
    let client = Client::new(&command.client)?;
    let mut out = Out::laid_out(command.layout);
    let search_output = SearchOutput {
        client: &client,
        command,
        query,
    };
    if command.json {
        let parameters =
            search_output.parameters(command.limit as usize, command.cursor.as_deref());
        let answer: Box<RawValue> = client.get("/search", &parameters)?;
        out.line(answer.get())?;
    } else if command.by.is_empty() {
        search_output.show(&mut out)?;
    } else {
        search_output.count(&mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

struct SearchOutput<'a> {
    client: &'a Client,
    command: &'a Search,
    query: String,
}

impl SearchOutput<'_> {
    fn parameters(&self, limit: usize, cursor: Option<&str>) -> Vec<(&'static str, String)> {
        let command = self.command;
        let mut parameters = vec![
            ("q", self.query.clone()),
            ("limit", limit.min(1000).to_string()),
            ("context", command.context_lines.to_string()),
        ];
        if !command.by.is_empty() {
            parameters.push(("facets", command.by.join(",")));
        }
        let counting = (!command.by.is_empty()).then_some(COUNTING);
        if let Some(seconds) = command.timeout.or(counting) {
            parameters.push(("timeout", seconds.to_string()));
        }
        parameters.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        parameters
    }

    /// Shows lines, page by page, until there are enough.
    fn show(&self, out: &mut Out) -> anyhow::Result<()> {
        let mut left = self.command.limit as usize;
        let mut cursor = self.command.cursor.clone();
        let (mut of_run, mut lines) = (None, 0);
        loop {
            let parameters = self.parameters(left.min(PAGE), cursor.as_deref());
            let page: SearchPage = self.client.get("/search", &parameters)?;
            lines += page.hits.len();
            left -= page.hits.len().min(left);
            for hit in &page.hits {
                show_hit(hit, &mut of_run, out)?;
            }
            out.flush()?;
            if page.next_cursor.is_none() {
                if lines == 0 {
                    self.found_nothing(&page);
                }
                return Ok(());
            }
            if left == 0 {
                note(format_args!(
                    "These are the newest {lines} lines: --limit shows more, --by counts them."
                ));
                return Ok(());
            }
            cursor = page.next_cursor;
            if let (true, Some(to)) = (page.timed_out, page.searched_back_to) {
                let to = when::show(to);
                if self.command.timeout.is_some() {
                    let next = cursor.unwrap_or_default();
                    note(format_args!(
                        "Searched back to {to}, until the time was up. --cursor {next} continues from there."
                    ));
                    return Ok(());
                }
                hint(format_args!("Searched back to {to}, continuing …"));
            }
        }
    }

    /// Explains why there may be no lines.
    fn found_nothing(&self, page: &SearchPage) {
        let runs = match page.runs_searched + page.runs_ruled_out {
            1 => "the one run".to_owned(),
            runs => format!("any of {runs} runs"),
        };
        note(format_args!("No line of {runs} is like that."));
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        if let [word] = self.command.words.as_slice()
            && word.chars().all(is_word)
        {
            hint(format_args!(
                "Words are whole: *{word}* also finds it as part of a word."
            ));
        }
        if page.runs_without_log > 0 {
            note(format_args!(
                "{} more could not be searched, because retention removed their log.",
                page.runs_without_log
            ));
        }
    }

    /// Shows the number of lines, by facets.
    fn count(&self, out: &mut Out) -> anyhow::Result<()> {
        let parameters = self.parameters(1, self.command.cursor.as_deref());
        let page: SearchPage = self.client.get("/search", &parameters)?;
        let facets = page.facets.unwrap_or_default();
        for name in &self.command.by {
            let counts = of_facet(&facets, name);
            if counts.is_empty() {
                continue;
            }
            let columns = [Column::whole("LINES"), Column::spare(heading(name))];
            let rows: Vec<[String; 2]> = counts
                .iter()
                .map(|count| [count.lines.to_string(), count.value.clone()])
                .collect();
            out.table(columns, rows, |_, _, line| line)?;
            out.line("")?;
        }
        let of = match (facets.lines, facets.runs) {
            (1, _) => "1 line in 1 run".to_owned(),
            (lines, 1) => format!("{lines} lines in 1 run"),
            (lines, runs) => format!("{lines} lines in {runs} runs"),
        };
        out.line(of)?;
        if let (true, Some(to)) = (page.timed_out, page.searched_back_to) {
            note(format_args!(
                "Counted back to {}, until the time was up: since: and the other fields narrow it down.",
                when::show(to)
            ));
        }
        Ok(())
    }
}

fn heading(facet: &str) -> &'static str {
    match facet {
        "playbook" => "PLAYBOOK",
        "host" => "HOST",
        "task" => "TASK",
        "module" => "MODULE",
        "status" => "STATUS",
        // Other times are in the local zone.
        _ => "DAY (UTC)",
    }
}

fn of_facet<'f>(facets: &'f SearchFacets, name: &str) -> &'f [FacetCount] {
    match name {
        "playbook" => &facets.playbook,
        "host" => &facets.host,
        "task" => &facets.task,
        "module" => &facets.module,
        "status" => &facets.status,
        _ => &facets.day,
    }
}

/// Shows a line, below its run.
fn show_hit(hit: &SearchHit, of_run: &mut Option<Uuid>, out: &mut Out) -> anyhow::Result<()> {
    if *of_run != Some(hit.execution.id) {
        if of_run.is_some() {
            out.line("")?;
        }
        run_headline(&hit.execution, out)?;
        *of_run = Some(hit.execution.id);
    }
    out.hanging("  ", &out.paint(Colour::Cyan, &plain(&place(hit))))?;
    for line in &hit.before {
        out.hanging("    ", &plain(line))?;
    }
    let mut parts: Vec<String> = hit.parts.iter().map(|part| plain(part)).collect();
    if let Some(width) = out.width() {
        // A line of output may be a megabyte long; "show --results" and a redirected search print it in full.
        parts = cut_around(&parts, width.saturating_sub(4));
    }
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        match index % 2 {
            0 => text.push_str(part),
            _ => text.push_str(&out.paint(Colour::Red, part)),
        }
    }
    out.line(format_args!("    {text}"))?;
    for line in &hit.after {
        out.hanging("    ", &plain(line))?;
    }
    Ok(())
}

/// The run, its outcome, and its time.
fn run_headline(run: &FoundRun, out: &mut Out) -> anyhow::Result<()> {
    let title = match (&run.playbook, &run.module) {
        (Some(playbook), _) => playbook.clone(),
        (None, module) => format!(
            "{} on {}",
            module.as_deref().unwrap_or("?"),
            run.hosts.as_deref().unwrap_or("?")
        ),
    };
    let check = if run.check { " (check)" } else { "" };
    let colour = match run.status {
        Status::Running => Colour::Cyan,
        Status::Success => Colour::Green,
        Status::Failed => Colour::Red,
    };
    let (status, at, id) = (
        run.status.as_str(),
        when::show(run.start_time),
        ids::short(run.id),
    );
    let after = format!("{check}  {status}  {at}  {id}").width();
    let mut title = plain(&title);
    if let Some(width) = out.width() {
        title = cut_front(&title, width.saturating_sub(after));
    }
    let title = out.paint(Colour::Bold, &title);
    let status = out.paint(colour, status);
    out.line(format_args!("{title}{check}  {status}  {at}  {id}"))
}

/// Where the line is: host, task, field and line.
fn place(hit: &SearchHit) -> String {
    let task = hit.task.as_ref().map(|task| match task.role.as_str() {
        "" => task.name.clone(),
        role => format!("{role} : {}", task.name),
    });
    let parts = [
        hit.host.clone(),
        task.filter(|_| hit.r#in != "task"),
        Some(match (hit.r#in.as_str(), hit.line) {
            ("output", line) => format!("output, line {line}"),
            (field, 0) => field.to_owned(),
            (field, line) => format!("{field}, line {line}"),
        }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}
