//! The owner of a run, who may add to it: the holder of its key, or the token that began it.
//!
//! A run belongs to the producer that began it. Its first producer generates a key, which is kept in the spool and sent with
//! every batch; a hash of it is stored beside the execution. So tokens may change during a run, and a spool can be delivered
//! by any process that can read it. A run that began without a key (an older producer, a custom client) belongs to the token
//! that began it, and to admin tokens. A run with neither was recorded before keys existed, or by a collector without
//! tokens: any client may finish it.

use crate::model::Owner;

/// The credentials that a sender presents to add to a run.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// SHA-256 of the run key that they sent.
    pub key: Option<[u8; 32]>,
    /// Name of their token; none where the collector serves without tokens.
    pub token: Option<String>,
    /// The token was made for this run alone, by the launcher.
    pub is_of_the_run: bool,
    /// The token is an admin's.
    pub is_admin: bool,
}

/// Why a sender may not add to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnerError {
    /// It has a key, and they sent none.
    #[error(
        "this run has a run key, and the request carries none: the events of a run are \
         sent by its own producers, or out of its spool with \"playback flush\""
    )]
    NoKey,
    /// It has another key.
    #[error(
        "another run has this id, with another run key: give each run an id of its own. The events of a run are sent \
         by its own producers, or out of its spool with \"playback flush\""
    )]
    OtherKey,
    /// It has no key, and another token began it.
    #[error(
        "this run was begun without a run key, by another token: only that token, or one with the scope \"admin\", \
         may add to it"
    )]
    OtherToken,
    /// It is complete, and its owner is unknown.
    #[error(
        "this run is complete and was begun before runs had keys: only a token with the scope \"admin\" may \
         add to it"
    )]
    Complete,
}

impl OwnerError {
    /// Whether the answer may be another one with another token.
    #[must_use]
    pub fn may_another_token(self) -> bool {
        matches!(self, Self::OtherToken | Self::Complete)
    }
}

impl Credentials {
    /// The owner of a run that this sender begins.
    pub(super) fn begin(&self) -> Owner {
        Owner {
            key: self.key,
            // With a key, the token does not matter.
            token: self.token.clone().filter(|_| self.key.is_none()),
        }
    }

    /// Whether the sender may add to a run of that owner.
    pub(super) fn check(&self, owner: &Owner, is_complete: bool) -> Result<(), OwnerError> {
        if self.is_of_the_run {
            return Ok(());
        }
        match (&owner.key, &self.key) {
            (Some(key), Some(shown)) if is_same(key, shown) => return Ok(()),
            (Some(_), Some(_)) => return Err(OwnerError::OtherKey),
            (Some(_), None) => return Err(OwnerError::NoKey),
            (None, _) => {}
        }
        match (&owner.token, &self.token) {
            // Without tokens, every client may do everything.
            (_, None) => Ok(()),
            (Some(began), Some(token)) if began == token => Ok(()),
            _ if self.is_admin => Ok(()),
            (Some(_), Some(_)) => Err(OwnerError::OtherToken),
            (None, Some(_)) if !is_complete => Ok(()),
            (None, Some(_)) => Err(OwnerError::Complete),
        }
    }
}

/// Compares in constant time, so that the duration reveals nothing.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let differences = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_began_a_run_or_holds_its_key_adds_to_it() {
        let key = [7; 32];
        let shows = |key: Option<[u8; 32]>, token: Option<&str>| Credentials {
            key,
            token: token.map(str::to_owned),
            ..Credentials::default()
        };
        let keyed = shows(Some(key), Some("a")).begin();
        let plain = shows(None, Some("a")).begin();
        let unknown = Owner::default();
        for (owner, who, is_complete, expected) in [
            (&keyed, shows(Some(key), Some("b")), true, Ok(())),
            (&keyed, shows(Some(key), None), true, Ok(())),
            (
                &keyed,
                shows(None, Some("a")),
                false,
                Err(OwnerError::NoKey),
            ),
            (&keyed, shows(None, None), false, Err(OwnerError::NoKey)),
            (
                &keyed,
                shows(Some([8; 32]), Some("a")),
                false,
                Err(OwnerError::OtherKey),
            ),
            (&plain, shows(None, Some("a")), true, Ok(())),
            (&plain, shows(Some(key), Some("a")), true, Ok(())),
            (&plain, shows(None, None), true, Ok(())),
            (
                &plain,
                shows(None, Some("b")),
                false,
                Err(OwnerError::OtherToken),
            ),
            (
                &plain,
                shows(Some(key), Some("b")),
                false,
                Err(OwnerError::OtherToken),
            ),
            (&unknown, shows(None, Some("b")), false, Ok(())),
            (
                &unknown,
                shows(None, Some("b")),
                true,
                Err(OwnerError::Complete),
            ),
        ] {
            assert_eq!(who.check(owner, is_complete), expected, "{owner:?} {who:?}");
        }
        let admin = Credentials {
            is_admin: true,
            ..shows(None, Some("b"))
        };
        assert_eq!(admin.check(&unknown, true), Ok(()));
        assert_eq!(admin.check(&plain, true), Ok(()));
        assert_eq!(admin.check(&keyed, true), Err(OwnerError::NoKey));
        let launched = Credentials {
            is_of_the_run: true,
            ..shows(None, Some("run"))
        };
        assert_eq!(launched.check(&keyed, true), Ok(()));
    }
}
