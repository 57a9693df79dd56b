//! Rows of routes and the search in them, with the habits of `httprouter`.
//!
//! A path that is no route is tried with its last slash toggled, then cleaned and in the right case;
//! what helps is where the client is sent. The rest is `OPTIONS`, 405 or 404. Pure; the table itself is
//! in [`super::route`].

use http::Method;

use super::endpoint::{Endpoint, Parameters, Route};
use super::path::{clean, escape};

/// How much of a path a row stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Extent {
    /// Exactly this path.
    Exact,
    /// This path, then one element: the job.
    Job,
    /// This path, one element, a slash and the rest: job and labels.
    JobAndLabels,
    /// This path and everything below it.
    Below,
}

/// One row of the table.
pub(super) struct Row {
    pub(super) method: Method,
    pub(super) path: String,
    extent: Extent,
    endpoint: Endpoint,
}

pub(super) fn row(method: Method, path: &str, extent: Extent, endpoint: Endpoint) -> Row {
    Row {
        method,
        path: path.to_owned(),
        extent,
        endpoint,
    }
}

impl Row {
    /// What the row takes from a decoded path, if it is the row's.
    pub(super) fn accepts(&self, path: &[u8]) -> Option<Parameters> {
        self.takes(path.strip_prefix(self.path.as_bytes())?)
    }

    /// The path in the row's own spelling, if only upper and lower case differ.
    fn respell(&self, path: &[u8]) -> Option<Vec<u8>> {
        let (head, tail) = path.split_at_checked(self.path.len())?;
        // httprouter's search has no way from `job@base64/X` on to the labels.
        let dead_end = self.extent == Extent::JobAndLabels && self.path.ends_with("@base64/");
        if dead_end || !head.eq_ignore_ascii_case(self.path.as_bytes()) {
            return None;
        }
        self.takes(tail)?;
        Some([self.path.as_bytes(), tail].concat())
    }

    fn takes(&self, tail: &[u8]) -> Option<Parameters> {
        let slash = tail.iter().position(|&byte| byte == b'/');
        let job_is_base64 = self.path.ends_with("@base64/");
        let parameters = |job: &[u8], rest: &[u8]| Parameters {
            job: job.to_vec(),
            rest: rest.to_vec(),
            job_is_base64,
        };
        match (self.extent, slash) {
            (Extent::Exact, _) => tail.is_empty().then(Parameters::default),
            (Extent::Below, _) => Some(parameters(b"", tail)),
            (Extent::Job, None) if !tail.is_empty() => Some(parameters(tail, b"")),
            // An empty job is a match here (`/metrics/job//a/b`); the handler then asks for the job.
            (Extent::JobAndLabels, Some(at)) => Some(parameters(&tail[..at], &tail[at..])),
            (Extent::Job | Extent::JobAndLabels, _) => None,
        }
    }
}

/// What httprouter does with a decoded path.
pub(super) fn look_up(rows: &[Row], method: &Method, path: &[u8], query: Option<&str>) -> Route {
    let mine = || rows.iter().filter(|row| row.method == *method);
    if let Some((row, parameters)) = mine().find_map(|row| Some((row, row.accepts(path)?))) {
        return Route::Endpoint(row.endpoint, parameters);
    }
    if path != b"/" && mine().next().is_some() {
        let status = if *method == Method::GET { 301 } else { 307 };
        if let Some(target) =
            with_slash_toggled(rows, method, path).or_else(|| respelled(rows, method, path))
        {
            return Route::redirect(status, escape(&target), query);
        }
    }
    match allowed(rows, method, path) {
        None => Route::NotFound,
        Some(allow) if *method == Method::OPTIONS => Route::Options { allow },
        Some(allow) => Route::NotAllowed { allow },
    }
}

/// The path with its last slash added or taken away, if that is a route.
fn with_slash_toggled(rows: &[Row], method: &Method, path: &[u8]) -> Option<Vec<u8>> {
    let mut mine = rows.iter().filter(|row| row.method == *method);
    let toggled = toggle_slash(path);
    // `/metrics/job/` is where httprouter's tree holds a bare slash above its wildcard: it recommends
    // `/metrics/job`, though nothing is there.
    let is_empty_job = |row: &Row| {
        row.path.as_bytes() == path && row.extent == Extent::Job && !row.path.ends_with("@base64/")
    };
    mine.any(|row| row.accepts(&toggled).is_some() || is_empty_job(row))
        .then_some(toggled)
}

/// The cleaned path in the right case, if that is a route (perhaps with its last slash toggled).
fn respelled(rows: &[Row], method: &Method, path: &[u8]) -> Option<Vec<u8>> {
    let cleaned = clean(path, true);
    let toggled = toggle_slash(&cleaned);
    let mine = || rows.iter().filter(|row| row.method == *method);
    mine().find_map(|row| row.respell(&cleaned)).or_else(|| {
        mine()
            .filter(|row| !row.path.ends_with("@base64/"))
            .find_map(|row| row.respell(&toggled))
    })
}

fn toggle_slash(path: &[u8]) -> Vec<u8> {
    match path.strip_suffix(b"/") {
        Some(shorter) => shorter.to_vec(),
        None => [path, b"/"].concat(),
    }
}

/// The methods that have this very path, with `OPTIONS`, sorted; `None` if there are none.
fn allowed(rows: &[Row], method: &Method, path: &[u8]) -> Option<String> {
    let mut methods: Vec<&str> = rows
        .iter()
        .filter(|row| {
            row.method != *method && row.method != Method::OPTIONS && row.accepts(path).is_some()
        })
        .map(|row| row.method.as_str())
        .collect();
    if methods.is_empty() {
        return None;
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.dedup();
    Some(methods.join(", "))
}
