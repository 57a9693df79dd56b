//! Where pushed families outlive the process. To be written.
