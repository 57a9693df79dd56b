//! What is written reads back as it was, within what each format can carry.

use promontory_exposition::format::{Limits, read, write};
use promontory_exposition::{Escaping, Family, Format, Target};
use proptest::prelude::*;

use crate::arbitrary::{self, Carrier};

fn comes_back(format: Format, families: &[Family<'_>]) -> Result<(), TestCaseError> {
    let mut page = Vec::new();
    write(
        Target {
            format,
            escaping: Escaping::AllowUtf8,
        },
        families,
        &mut page,
    )
    .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let shown = String::from_utf8_lossy(&page);
    let again = read(format, &page, &Limits::default())
        .map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))?;
    // Compared as they print: NaN is not equal to itself.
    prop_assert_eq!(format!("{families:#?}"), format!("{again:#?}"), "{}", shown);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text(families in arbitrary::families(Carrier::Text)) {
        comes_back(Format::Text, &families)?;
    }

    #[test]
    fn openmetrics(families in arbitrary::families(Carrier::OpenMetrics)) {
        comes_back(Format::OpenMetrics, &families)?;
    }

    #[test]
    fn protobuf(families in arbitrary::families(Carrier::Protobuf)) {
        comes_back(Format::Protobuf, &families)?;
    }

    /// Every format under every scheme takes every family, but for what OpenMetrics has no line for.
    #[test]
    fn all_can_be_written(families in arbitrary::families(Carrier::Text)) {
        for format in [Format::Text, Format::OpenMetrics, Format::Protobuf, Format::ProtobufText, Format::ProtobufCompact] {
            for escaping in Escaping::ALL {
                prop_assert_eq!(write(Target { format, escaping }, &families, &mut Vec::new()), Ok(()));
            }
        }
    }
}
