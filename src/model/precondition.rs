//! Conditions on a name for setting something by it.

/// What must hold for a name before something is set by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing: it is created, or replaces the existing one.
    Any,
    /// The name must be new: it is only created.
    IsNew,
    /// The name must exist: it is only changed, so what was removed meanwhile does not come back.
    Exists,
}

impl Precondition {
    /// For a request that may only create if `is_new`, and otherwise may also replace.
    #[must_use]
    pub fn of_new(is_new: bool) -> Self {
        match is_new {
            true => Self::IsNew,
            false => Self::Any,
        }
    }
}
