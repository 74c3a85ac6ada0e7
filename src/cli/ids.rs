//! Ids as people read and type them: their last digits. Ids begin with the time, so the first digits of all runs of one
//! day are the same; the last ones are random.

use std::collections::HashSet;

use uuid::Uuid;

/// The number of digits shown, from the end; commands and the API accept this many or more.
const DIGITS: usize = 6;

/// Describes ids in the help of commands and in errors.
pub(super) const HOW: &str =
    "the last 6 or more digits of its id (as lists show them), the first 4 or more, or all";

/// The short form of an id.
pub(super) fn short(id: Uuid) -> String {
    ended(id, DIGITS)
}

/// The short forms of ids that are shown together: as many digits as needed to distinguish them.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortIds {
    digits: usize,
}

impl ShortIds {
    /// Compares these ids; duplicates count once.
    pub(super) fn of(ids: impl IntoIterator<Item = Uuid>) -> Self {
        let ids: HashSet<Uuid> = ids.into_iter().collect();
        let tells = |digits: &usize| {
            let ends: HashSet<String> = ids.iter().map(|id| ended(*id, *digits)).collect();
            ends.len() == ids.len()
        };
        Self {
            digits: (DIGITS..32).find(tells).unwrap_or(32),
        }
    }

    /// The short form of one of them.
    pub(super) fn show(self, id: Uuid) -> String {
        ended(id, self.digits)
    }
}

/// The last digits of an id.
fn ended(id: Uuid, digits: usize) -> String {
    let whole = id.simple().to_string();
    whole[whole.len() - digits..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shown_with_as_many_digits_as_tell_them_apart() {
        let id = |end: u128| Uuid::from_u128((0x0199_c2a4_89ab_7def_u128 << 64) | end);
        let show = |ends: &[u128]| -> Vec<String> {
            let ids = ShortIds::of(ends.iter().map(|end| id(*end)));
            ends.iter().map(|end| ids.show(id(*end))).collect()
        };
        assert_eq!(short(id(0x4f_2a9c)), "4f2a9c");
        assert_eq!(show(&[]), Vec::<String>::new());
        assert_eq!(show(&[0x4f_2a9c, 0x4f_2a9d]), ["4f2a9c", "4f2a9d"]);
        assert_eq!(show(&[0x4f_2a9c, 0x4f_2a9c]), ["4f2a9c", "4f2a9c"]);
        assert_eq!(show(&[0x4f_2a9c, 0x14f_2a9c]), ["04f2a9c", "14f2a9c"]);
    }
}
