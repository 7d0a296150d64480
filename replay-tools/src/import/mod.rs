//! `import`: events of another store go under the chain of a tenant.

pub mod foreign;
