//! What must hold before something is set by its name.

/// What must hold of a name before something is set by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing: what is set is new, or takes the place of what has that name.
    Any,
    /// Nothing has that name: something new is meant.
    IsNew,
    /// Something has that name: a change of it is meant, and what was removed meanwhile does not come back.
    Exists,
}

impl Precondition {
    /// What somebody means who says that it is to be new, or does not say it.
    #[must_use]
    pub fn of_new(is_new: bool) -> Self {
        match is_new {
            true => Self::IsNew,
            false => Self::Any,
        }
    }
}
