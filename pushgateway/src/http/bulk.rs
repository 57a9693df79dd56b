//! Deleting many groups at once: `DELETE /api/v1/metrics` all that selectors take, and the wipe.
//!
//! A slip here costs data, so what is not understood is refused, and `dry_run=true` tells what would go.

use axum::response::Response;
use http::StatusCode;
use http::request::Parts;

use super::answer::brief;
use super::pages::is_same_origin;
use super::query::parameters;
use super::search::SearchError;
use super::select::selectors;
use super::{App, api, api_error, json};
use crate::commit::ChangeError;
use crate::group::GroupingKey;
use crate::selector::{Found, Selectors};

/// Groups named in the answer.
const SHOWN: usize = 100;

/// What a request asks to be deleted.
struct Deletion {
    selectors: Selectors,
    /// The selectors as they were written.
    text: String,
    dry_run: bool,
}

/// Why nothing was deleted.
enum DeleteError {
    /// A matcher of this label takes groups because none has it.
    UnknownLabel(String),
    Search(SearchError),
    Change(ChangeError),
}

/// Deletes, or tells what would be deleted: 200 once it is gone for good, 400, 403 for a page of another site, or 503.
pub(super) async fn delete(app: &App, parts: &Parts) -> Response {
    // The API lets scripts of other sites send DELETE, because the other program does, where it does nothing.
    if !is_same_origin(&parts.headers) {
        let reason = "a page of another site may not delete anything here";
        return api_error(StatusCode::FORBIDDEN, "forbidden", reason);
    }
    let deletion = match Deletion::of(parts.uri.query()) {
        Ok(deletion) => deletion,
        Err(reason) => return api_error(StatusCode::BAD_REQUEST, "bad_data", &reason),
    };
    let dry_run = deletion.dry_run;
    match deletion.carry_out(app).await {
        Ok(groups) => {
            let mut out = Vec::new();
            write_deleted(&groups, dry_run, &mut out);
            json(out.into())
        }
        Err(error) => error.answer(),
    }
}

/// Deletes everything.
///
/// # Errors
/// Never [`ChangeError::Refused`].
pub(super) async fn wipe(app: &App) -> Result<(), ChangeError> {
    let gateway = app.gateway.clone();
    to_its_end(async move {
        let groups = gateway.wipe().await?;
        tracing::info!(groups, "all groups deleted");
        Ok(())
    })
    .await
}

/// Carries a change on also when its client is gone: it happens all the same, and is to be told in the log.
async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, ChangeError>> + Send + 'static,
) -> Result<T, ChangeError> {
    let change = tokio::spawn(change);
    change.await.unwrap_or(Err(ChangeError::Closed))
}

impl DeleteError {
    fn answer(self) -> Response {
        match self {
            Self::UnknownLabel(label) => {
                let reason = format!(
                    "match[]: no group has a grouping label {label:?}, so its matcher takes them all; groups are \
                     selected by their grouping labels"
                );
                api_error(StatusCode::BAD_REQUEST, "bad_data", &reason)
            }
            Self::Search(error) => error.answer(),
            Self::Change(error) => {
                tracing::error!(err = %error, "delete failed");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                api_error(status, "unavailable", &error.to_string())
            }
        }
    }
}

impl Deletion {
    fn of(query: Option<&str>) -> Result<Self, String> {
        let (mut texts, mut dry_run) = (Vec::new(), false);
        for (name, value) in parameters(query) {
            match (&*name, &*value) {
                ("match[]", _) => texts.push(value),
                ("dry_run", "true") => dry_run = true,
                ("dry_run", "false") => dry_run = false,
                ("dry_run", _) => return Err(format!("dry_run: {value:?} is not true or false")),
                _ => return Err(format!("{name:?} is no parameter of a delete")),
            }
        }
        let selectors = selectors(&texts)?;
        if selectors.is_empty() {
            return Err("match[]: at least one selector is required".to_owned());
        }
        if selectors.ask_for_name() {
            return Err(
                "match[]: groups are selected by their grouping labels, not by a metric name"
                    .to_owned(),
            );
        }
        Ok(Self {
            selectors,
            text: texts.join(" "),
            dry_run,
        })
    }

    /// The groups that were deleted, or would be.
    async fn carry_out(self, app: &App) -> Result<Vec<GroupingKey>, DeleteError> {
        let (selectors, view) = (self.selectors, app.gateway.view());
        let search = app
            .searches
            .run(move |waiting| Found::search(selectors, view, || waiting.still()));
        let found = search.await.map_err(DeleteError::Search)?;
        // It is stopped only where nobody waits.
        let found = found.ok_or(DeleteError::Search(SearchError::Broken))?;
        if found.keys().is_empty() {
            return Ok(Vec::new());
        }
        if let Some(label) = found.unknown_label() {
            return Err(DeleteError::UnknownLabel(label.to_owned()));
        }
        if self.dry_run {
            return Ok(found.keys().to_vec());
        }
        let (gateway, selectors) = (app.gateway.clone(), brief(&self.text));
        let deleted = to_its_end(async move {
            let groups = gateway.delete_matching(found).await?;
            tracing::info!(groups = groups.len(), selectors, "groups deleted");
            Ok(groups)
        });
        deleted.await.map_err(DeleteError::Change)
    }
}

/// Writes how many groups were deleted, or would be, and the first of them.
fn write_deleted(groups: &[GroupingKey], dry_run: bool, out: &mut Vec<u8>) {
    let matched = groups.len();
    let deleted = if dry_run { 0 } else { matched };
    let counts = format!(
        r#"{{"status":"success","data":{{"matched":{matched},"deleted":{deleted},"dry_run":{dry_run},"groups":["#
    );
    out.extend_from_slice(counts.as_bytes());
    for (at, group) in groups.iter().take(SHOWN).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        api::write_labels(group.labels(), out);
    }
    out.extend_from_slice(b"]}}");
}
