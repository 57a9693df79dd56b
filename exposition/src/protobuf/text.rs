//! The protobuf text formats, for people. Write only.
