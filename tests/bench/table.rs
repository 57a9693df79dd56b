//! The printed table: ours, the real program and the machine's limit side by side, as measured in one
//! run, with the two ratios that count.

/// One measure.
pub(crate) struct Row {
    /// What was measured, with its unit.
    pub(crate) measure: String,
    /// This repository's program.
    pub(crate) ours: f64,
    /// The replaced program; `None` where it does not offer the thing.
    pub(crate) real: Option<f64>,
    /// What the machine can do at best.
    pub(crate) limit: Option<f64>,
    /// Digits after the point.
    pub(crate) digits: usize,
}

/// Prints rows as a Markdown table, so that it can stand in a README as it is.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "| measure | ours | the real one | the machine's limit | ours : real | ours : limit |"
    );
    println!("| --- | --: | --: | --: | --: | --: |");
    for row in rows {
        let number = |value: Option<f64>| {
            value.map_or("–".to_owned(), |value| format!("{value:.*}", row.digits))
        };
        let ratio = |to: Option<f64>| to.map_or("–".to_owned(), |to| ratio(row.ours / to));
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            row.measure,
            number(Some(row.ours)),
            number(row.real),
            number(row.limit),
            ratio(row.real),
            ratio(row.limit)
        );
    }
}

/// A ratio in three significant digits, whichever side of one it is on.
fn ratio(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
    format!("{value:.digits$}×")
}
