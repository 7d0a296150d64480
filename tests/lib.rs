//! Tests of the whole house; see the folders.
