//! Bodies that are small on the wire and huge unpacked. An encoding more is a row more in [`ENCODINGS`].

use std::io::Write;

/// Packs a body.
type Pack = fn(&[u8]) -> Vec<u8>;

/// Every encoding a push may have, by its name in `Content-Encoding`, and how to pack.
pub(super) const ENCODINGS: [(&str, Pack); 2] = [("gzip", gzip), ("snappy", snappy)];

/// A push whose one label value makes it that long.
pub(super) fn long_label(bytes: usize) -> Vec<u8> {
    let mut text = b"x{a=\"".to_vec();
    text.resize(bytes, b'a');
    text.extend(b"\"} 1\n");
    text
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn snappy(body: &[u8]) -> Vec<u8> {
    let mut encoder = snap::write::FrameEncoder::new(Vec::new());
    encoder.write_all(body).unwrap();
    encoder.into_inner().unwrap()
}
