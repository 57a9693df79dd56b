//! PEM that stands in the web config itself or in a file it names, and errors that say which.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::config::{Document, Wrong, given};
use super::files::Files;

/// An error about a key of this section.
pub(super) fn wrong(key: &str, reason: impl Into<String>) -> Wrong {
    (format!("tls_server_config: {key}"), reason.into())
}

/// The content of a key that stands inline or in a file, and the key and file to blame if it is bad.
pub(super) struct Pem {
    pub(super) key: &'static str,
    pub(super) content: Vec<u8>,
    source: String,
}

impl Pem {
    /// The file wins if both are there, as upstream has it.
    pub(super) fn read(
        document: &Document,
        files: &mut Files,
        (file_key, path): (&'static str, &Option<String>),
        (inline_key, inline): (&'static str, &Option<String>),
    ) -> Result<Option<Pem>, Wrong> {
        if let Some(path) = given(path) {
            let path = document.path(path);
            let source = format!("{}: ", path.display());
            let content = files.read(&path);
            let content = content.map_err(|reason| wrong(file_key, format!("{source}{reason}")))?;
            return Ok(Some(Pem {
                key: file_key,
                content,
                source,
            }));
        }
        Ok(given(inline).map(|text| Pem {
            key: inline_key,
            content: text.as_bytes().to_vec(),
            source: String::new(),
        }))
    }

    /// An error about this content.
    pub(super) fn wrong(&self, reason: impl std::fmt::Display) -> Wrong {
        wrong(self.key, format!("{}{reason}", self.source))
    }

    /// All certificates in it; none is an error.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Wrong> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.content).collect();
        let found = found.map_err(|error| self.wrong(format!("not PEM: {error}")))?;
        match found.is_empty() {
            true => Err(self.wrong("holds no certificate in PEM")),
            false => Ok(found),
        }
    }
}
