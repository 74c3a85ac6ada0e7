//! Numbers of runs as bytes, and sets of them.

use super::Unreadable;

/// Numbers of runs in a segment, ascending.
pub type Docs = Vec<u32>;

/// Adds a number in as few bytes as possible.
pub fn push_number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Takes a number from the front.
///
/// # Errors
/// There is none.
pub fn take_number(from: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut number = 0;
    let mut shift = 0;
    loop {
        let (byte, rest) = from.split_first().ok_or(Unreadable)?;
        *from = rest;
        number |= u64::from(byte & 0x7f)
            .checked_shl(shift)
            .ok_or(Unreadable)?;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
        shift += 7;
    }
}

/// Adds a signed number; small ones of either sign take few bytes.
pub fn push_signed(number: i64, to: &mut Vec<u8>) {
    push_number(((number << 1) ^ (number >> 63)).cast_unsigned(), to);
}

/// Takes a number that [`push_signed`] added.
///
/// # Errors
/// There is none.
pub fn take_signed(from: &mut &[u8]) -> Result<i64, Unreadable> {
    let number = take_number(from)?;
    Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
}

/// Adds a set: how many, then the distances.
pub fn push_docs(docs: &[u32], to: &mut Vec<u8>) {
    push_number(docs.len() as u64, to);
    let mut before = 0;
    for doc in docs {
        push_number(u64::from(doc - before), to);
        before = *doc;
    }
}

/// Takes a set that [`push_docs`] added.
///
/// # Errors
/// There is none.
pub fn take_docs(from: &mut &[u8]) -> Result<Docs, Unreadable> {
    let count = take_number(from)?;
    // Each takes a byte at least.
    let count = usize::try_from(count)
        .ok()
        .filter(|count| *count <= from.len());
    let mut docs = Vec::with_capacity(count.ok_or(Unreadable)?);
    let mut doc = 0_u32;
    for _ in 0..docs.capacity() {
        let distance = u32::try_from(take_number(from)?).map_err(|_| Unreadable)?;
        doc = doc.checked_add(distance).ok_or(Unreadable)?;
        docs.push(doc);
    }
    Ok(docs)
}

/// Steps over a set.
///
/// # Errors
/// There is none.
pub fn skip_docs(from: &mut &[u8]) -> Result<(), Unreadable> {
    let mut left = take_number(from)?;
    // Eight bytes at a time: of each number, only the last byte is without its highest bit.
    while left >= 8
        && let Some((bytes, rest)) = from.split_first_chunk::<8>()
    {
        let ends = !u64::from_le_bytes(*bytes) & 0x8080_8080_8080_8080;
        left -= u64::from(ends.count_ones());
        *from = rest;
    }
    // The first one may have begun before.
    for _ in 0..left {
        take_number(from)?;
    }
    Ok(())
}

/// The numbers that are in both sets.
#[must_use]
pub fn intersection(one: &[u32], other: &[u32]) -> Docs {
    let mut rest = other.iter().copied().peekable();
    let mut both = Vec::new();
    for doc in one {
        while rest.next_if(|next| next < doc).is_some() {}
        if rest.peek() == Some(doc) {
            both.push(*doc);
        }
    }
    both
}

/// The numbers that are in any of the sets.
#[must_use]
pub fn union(sets: Vec<Docs>) -> Docs {
    let mut all = sets.into_iter();
    let Some(mut docs) = all.next() else {
        return Vec::new();
    };
    for set in all {
        docs.extend(set);
    }
    docs.sort_unstable();
    docs.dedup();
    docs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_sets_read_back(
            numbers in prop::collection::vec(any::<i64>(), 0..9),
            one in prop::collection::btree_set(0..900_u32, 0..60),
            other in prop::collection::btree_set(0..900_u32, 0..60),
            distant in prop::collection::btree_set(any::<u32>(), 0..60),
        ) {
            let mut bytes = Vec::new();
            for number in &numbers {
                push_signed(*number, &mut bytes);
            }
            let docs: Docs = one.iter().copied().collect();
            push_docs(&docs, &mut bytes);
            push_docs(&distant.iter().copied().collect::<Docs>(), &mut bytes);
            push_docs(&docs, &mut bytes);
            let mut rest = bytes.as_slice();
            for number in &numbers {
                prop_assert_eq!(take_signed(&mut rest), Ok(*number));
            }
            skip_docs(&mut rest).unwrap();
            skip_docs(&mut rest).unwrap();
            prop_assert_eq!(take_docs(&mut rest), Ok(docs.clone()));
            prop_assert_eq!(rest.len(), 0);
            let others: Docs = other.iter().copied().collect();
            let both: Docs = one.intersection(&other).copied().collect();
            let any: Docs = one.union(&other).copied().collect();
            prop_assert_eq!(intersection(&docs, &others), both);
            prop_assert_eq!(union(vec![docs, others]), any);
        }

        #[test]
        fn damaged_bytes_are_no_set(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() && take_docs(&mut rest).is_ok() {}
        }
    }
}
