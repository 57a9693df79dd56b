//! What is pushed, as far as it must fit together. To be written.
