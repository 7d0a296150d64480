//! Answers that are lost, a cluster that is away, many writers: what was acknowledged stands once.
use super::*;
