//! What every request passes through, from the outside in: [`trace`], [`guard`], [`gate`].

pub mod gate;
pub mod guard;
pub mod limits;
pub mod sender;
pub mod trace;
