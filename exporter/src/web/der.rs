//! The two things we need from an X.509 certificate that webpki does not give: all subject alternative names,
//! and the dates.
//!
//! A reader of DER, not of certificates: it walks to the field it wants and ignores the rest. Whether a
//! certificate is to be believed is decided elsewhere. Any bytes give `None` or a value, never a panic.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0] version`, `[3] extensions` of a TBSCertificate.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// Alternatives of a GeneralName (RFC 5280, 4.2.1.6).
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;
/// 2.5.29.17
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// Names of a certificate as Go compares them: DNS names, e-mail addresses, IP addresses, URIs.
pub(super) fn alternative_names(certificate: &[u8]) -> Option<Vec<String>> {
    let mut fields = Der(to_be_signed(certificate)?);
    let extensions = loop {
        match fields.next()? {
            (EXTENSIONS, content) => break Der(content).expect(SEQUENCE)?,
            _ => continue,
        }
    };
    let mut extensions = Der(extensions);
    while let Some((SEQUENCE, extension)) = extensions.next() {
        let mut extension = Der(extension);
        if extension.expect(OBJECT_IDENTIFIER)? != SUBJECT_ALT_NAME {
            continue;
        }
        // A BOOLEAN "critical" may stand before the value.
        let value = loop {
            match extension.next()? {
                (OCTET_STRING, value) => break value,
                _ => continue,
            }
        };
        let names = Der(Der(value).expect(SEQUENCE)?);
        return Some(
            names
                .filter_map(|(tag, name)| general_name(tag, name))
                .collect(),
        );
    }
    None
}

/// The seconds since 1970 between which a certificate is valid.
pub(super) fn validity(certificate: &[u8]) -> Option<RangeInclusive<i64>> {
    let mut fields = Der(to_be_signed(certificate)?);
    if fields.0.first() == Some(&VERSION) {
        fields.next()?;
    }
    fields.expect(INTEGER)?; // serial number
    fields.expect(SEQUENCE)?; // signature algorithm
    fields.expect(SEQUENCE)?; // issuer
    let mut dates = Der(fields.expect(SEQUENCE)?);
    let (from, to) = (dates.next()?, dates.next()?);
    Some(seconds(from)?..=seconds(to)?)
}

fn to_be_signed(certificate: &[u8]) -> Option<&[u8]> {
    Der(Der(certificate).expect(SEQUENCE)?).expect(SEQUENCE)
}

fn general_name(tag: u8, name: &[u8]) -> Option<String> {
    match tag {
        EMAIL | DNS | URI => String::from_utf8(name.to_vec()).ok(),
        IP => match name.len() {
            4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(name).ok()?).to_string()),
            16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(name).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ` (RFC 5280: 50 and above is 19YY) or `YYYYMMDDHHMMSSZ`.
fn seconds((tag, text): (u8, &[u8])) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = match tag {
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", &digits).ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

/// The rest of a run of tag-length-value elements.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must have this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, content)| content)
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match first {
            short @ 0..0x80 => (usize::from(short), rest),
            long => {
                // 0x80 would be "until an end mark", which DER does not have; four bytes are 4 GiB.
                let count = usize::from(long & 0x7f);
                let (bytes, rest) = rest.split_at_checked(count)?;
                if !(1..=4).contains(&count) {
                    return None;
                }
                let length = bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
                (length, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let text = |text: &str| text.try_into().unwrap();
        params.subject_alt_names.extend([
            SanType::Rfc822Name(text("me@a.example")),
            SanType::URI(text("spiffe://a/b")),
            SanType::IpAddress("10.0.0.1".parse().unwrap()),
            SanType::IpAddress("fd00::1".parse().unwrap()),
        ]);
        params.not_before = rcgen::date_time_ymd(2020, 1, 2);
        params.not_after = rcgen::date_time_ymd(2061, 1, 2);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn names_and_dates() {
        let certificate = certificate();
        let names = [
            "a.example",
            "me@a.example",
            "spiffe://a/b",
            "10.0.0.1",
            "fd00::1",
        ];
        assert_eq!(alternative_names(&certificate).unwrap(), names);
        assert_eq!(validity(&certificate).unwrap(), 1577923200..=2871849600);
    }

    #[test]
    fn no_bytes_panic() {
        let certificate = certificate();
        for end in 0..certificate.len() {
            assert_eq!(alternative_names(&certificate[..end]), None);
        }
        for at in 0..certificate.len() {
            let mut broken = certificate.clone();
            broken[at] ^= 0xff;
            let _ = (alternative_names(&broken), validity(&broken));
        }
    }
}
