//! Prints the table of results.

/// One line of it.
#[derive(Debug)]
pub(crate) struct Row {
    /// Number in the list of targets: `T3`.
    pub(crate) target: &'static str,
    /// What is measured.
    pub(crate) what: String,
    /// What it should be.
    pub(crate) wanted: String,
    /// What it is.
    pub(crate) measured: String,
    /// Whether that is what it should be; nothing where there is no target.
    pub(crate) reached: Option<bool>,
    /// What it is at ten times the size.
    pub(crate) growth: String,
}

/// Prints rows as a Markdown table whose columns also line up as text.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
pub(crate) fn print(rows: &[Row]) {
    let mut lines =
        vec![["", "what", "target", "measured", "", "at 10 × the size"].map(str::to_owned)];
    for row in rows {
        let verdict = match row.reached {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "",
        };
        lines.push([
            row.target.to_owned(),
            row.what.clone(),
            row.wanted.clone(),
            row.measured.clone(),
            verdict.to_owned(),
            row.growth.clone(),
        ]);
    }
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let width = |line: &[String; 6]| line[column].chars().count();
        lines.iter().map(width).max().unwrap_or(0)
    });
    lines.insert(1, widths.map(|width| "-".repeat(width)));
    for line in lines {
        let cells: Vec<String> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        println!("| {} |", cells.join(" | "));
    }
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The value below which `share` of all values lie.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(rank.clamp(1, sorted.len().max(1)) - 1)
        .copied()
        .unwrap_or(f64::NAN)
}

/// A number with its thousands apart.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes, as megabytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
