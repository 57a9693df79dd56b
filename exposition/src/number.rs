//! Floats spelled exactly as Go spells and reads them.

/// Appends `value` as Go's `strconv.FormatFloat(value, 'g', -1, 64)` prints it (`+Inf`, `NaN`, `1e+06`).
pub fn write(value: f64, out: &mut Vec<u8>) {
    let _ = (value, out);
    todo!()
}

/// Reads a float as Go's text parser of prometheus/common does; `None` where it refuses.
pub fn parse(text: &[u8]) -> Option<f64> {
    let _ = text;
    todo!()
}
