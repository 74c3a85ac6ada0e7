//! Chunks: consecutive terms of a segment with their postings, as bytes. Terms and postings are compressed apart,
//! because a search for a part of a word reads all terms and few postings.

use std::cell::RefCell;

use zstd::bulk::Decompressor;

use super::Unreadable;
use super::postings::{Docs, push_docs, skip_docs, take_docs};
use super::runs::size;

/// Terms and postings of a chunk, in bytes before they are compressed: it ends when either is reached.
const TERM_BYTES: usize = 32 << 10;
const POSTING_BYTES: usize = 64 << 10;

/// What ends a term. No term has it.
const END: u8 = b'\n';

/// A chunk as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    /// Its first term.
    pub first_term: Vec<u8>,
    /// All its terms, compressed.
    pub terms: Vec<u8>,
    /// Their postings, compressed.
    pub postings: Vec<u8>,
}

impl StoredChunk {
    /// Its size, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (self.first_term.len() + self.terms.len() + self.postings.len()) as u64
    }
}

/// Terms, expanded.
#[derive(Debug)]
pub struct Terms(Vec<u8>);

impl Terms {
    /// Expands stored terms.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn of(stored: &[u8]) -> Result<Self, Unreadable> {
        expand(stored).map(Self)
    }

    /// The terms in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        // The last term is ended, too.
        let ended = self.0.strip_suffix(&[END]).unwrap_or(&self.0);
        let any = (!self.0.is_empty()).then_some(ended);
        any.into_iter()
            .flat_map(|all| all.split(|byte| *byte == END))
    }

    /// The place of a term.
    #[must_use]
    pub fn place_of(&self, term: &[u8]) -> Option<usize> {
        let ended = [term, &[END]].concat();
        let finder = memchr::memmem::Finder::new(&ended);
        let mut from = 0;
        while let Some(found) = self.0.get(from..).and_then(|rest| finder.find(rest)) {
            let at = from + found;
            let before = at.checked_sub(1).and_then(|before| self.0.get(before));
            if before.is_none_or(|byte| *byte == END) {
                return Some(memchr::memchr_iter(END, &self.0[..at]).count());
            }
            // It is the end of a longer term.
            from = at + 1;
        }
        None
    }

    /// The places of the terms for which something holds.
    pub fn places(&self, mut is_meant: impl FnMut(&[u8]) -> bool) -> Vec<usize> {
        let all = self.iter().enumerate();
        let meant = all.filter(|(_, term)| is_meant(term));
        meant.map(|(place, _)| place).collect()
    }

    /// The places of the terms that contain some bytes, in order.
    #[must_use]
    pub fn containing(&self, finder: &memchr::memmem::Finder<'_>) -> Vec<usize> {
        let mut places = Vec::new();
        let (mut counted, mut place, mut from) = (0, 0, 0);
        while let Some(found) = self.0.get(from..).and_then(|rest| finder.find(rest)) {
            let at = from + found;
            place += memchr::memchr_iter(END, &self.0[counted..at]).count();
            counted = at;
            places.push(place);
            // One hit in a term is enough.
            match memchr::memchr(END, &self.0[at..]) {
                Some(end) => from = at + end + 1,
                None => break,
            }
        }
        places
    }
}

/// The postings at some places, ascending.
///
/// # Errors
/// They cannot be read.
pub fn docs_at(stored: &[u8], places: &[usize]) -> Result<Vec<Docs>, Unreadable> {
    let raw = expand(stored)?;
    let mut rest = raw.as_slice();
    let mut next = 0;
    let mut found = Vec::with_capacity(places.len());
    for place in places {
        while next < *place {
            skip_docs(&mut rest)?;
            next += 1;
        }
        found.push(take_docs(&mut rest)?);
        next += 1;
    }
    Ok(found)
}

/// All terms of a chunk with their postings, in order.
///
/// # Errors
/// They cannot be read.
pub fn each_posting(
    chunk: &StoredChunk,
    mut each: impl FnMut(&[u8], Docs),
) -> Result<(), Unreadable> {
    let terms = Terms::of(&chunk.terms)?;
    let raw = expand(&chunk.postings)?;
    let mut rest = raw.as_slice();
    for term in terms.iter() {
        each(term, take_docs(&mut rest)?);
    }
    match rest.is_empty() {
        true => Ok(()),
        false => Err(Unreadable),
    }
}

/// What a chunk is without some runs.
#[derive(Debug, PartialEq, Eq)]
pub enum Without {
    /// As before: it has none of them.
    Same,
    /// This.
    Changed(StoredChunk),
    /// Nothing: no other run has any of its terms.
    Nothing,
}

/// A chunk without some runs, and without the terms that only they have.
///
/// # Errors
/// It cannot be read.
pub fn without(chunk: &StoredChunk, is_gone: impl Fn(u32) -> bool) -> Result<Without, Unreadable> {
    let mut writer = ChunkWriter::default();
    let mut is_same = true;
    each_posting(chunk, |term, mut docs| {
        let before = docs.len();
        docs.retain(|doc| !is_gone(*doc));
        is_same &= docs.len() == before;
        if !docs.is_empty() {
            writer.push(term, &docs);
        }
    })?;
    if is_same {
        return Ok(Without::Same);
    }
    Ok(match writer.take() {
        Some(changed) => Without::Changed(changed),
        None => Without::Nothing,
    })
}

/// Writes chunks.
#[derive(Debug, Default)]
pub struct ChunkWriter {
    first_term: Vec<u8>,
    terms: Vec<u8>,
    postings: Vec<u8>,
}

impl ChunkWriter {
    /// Adds the next term.
    pub fn push(&mut self, term: &[u8], docs: &[u32]) {
        if self.terms.is_empty() {
            self.first_term = term.to_vec();
        }
        self.terms.extend_from_slice(term);
        self.terms.push(END);
        push_docs(docs, &mut self.postings);
    }

    /// Whether the chunk is large enough.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.terms.len() >= TERM_BYTES || self.postings.len() >= POSTING_BYTES
    }

    /// The chunk, if it has any terms; the next one begins.
    pub fn take(&mut self) -> Option<StoredChunk> {
        if self.terms.is_empty() {
            return None;
        }
        let chunk = StoredChunk {
            first_term: std::mem::take(&mut self.first_term),
            // Compressing memory to memory fails only for want of memory.
            terms: zstd::bulk::compress(&self.terms, 3).unwrap_or_default(),
            postings: zstd::bulk::compress(&self.postings, 3).unwrap_or_default(),
        };
        self.terms.clear();
        self.postings.clear();
        Some(chunk)
    }
}

thread_local! {
    // A decompression context takes some 100 KiB, so it is kept rather than made for each chunk.
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn expand(data: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let size = size(data)?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new().map_err(|_| Unreadable)?),
        };
        decompressor.decompress(data, size).map_err(|_| Unreadable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(terms: &[(&str, &[u32])]) -> StoredChunk {
        let mut writer = ChunkWriter::default();
        for (term, docs) in terms {
            writer.push(term.as_bytes(), docs);
        }
        writer.take().unwrap()
    }

    #[test]
    fn terms_are_found_with_their_postings() {
        let chunk = chunk(&[
            ("bar", &[0, 5]),
            ("foo", &[1]),
            ("foobar", &[2, 300]),
            ("z", &[9]),
        ]);
        let terms = Terms::of(&chunk.terms).unwrap();
        assert_eq!(terms.iter().count(), 4);
        assert_eq!(terms.places(|term| term == b"foo"), [1]);
        let place = |term: &str| terms.place_of(term.as_bytes());
        let known = ["bar", "foo", "foobar", "z"].map(place);
        assert_eq!(known, [0, 1, 2, 3].map(Some));
        assert_eq!(["ba", "oobar", "fo", "zz"].map(place), [None; 4]);
        let containing = |text: &str| terms.containing(&memchr::memmem::Finder::new(text));
        assert_eq!(containing("bar"), [0, 2]);
        assert_eq!(containing("o"), [1, 2]);
        assert_eq!(containing("z"), [3]);
        assert_eq!(containing("rf"), [0; 0]);
        assert_eq!(
            docs_at(&chunk.postings, &[0, 2]).unwrap(),
            [vec![0, 5], vec![2, 300]]
        );
        assert!(docs_at(&chunk.postings, &[4]).is_err());
        assert_eq!(Terms::of(b"rubbish").err(), Some(Unreadable));
    }

    #[test]
    fn a_chunk_loses_runs_and_what_only_they_have() {
        let before = chunk(&[("a", &[1, 2]), ("b", &[2]), ("c", &[3])]);
        assert_eq!(without(&before, |doc| doc == 9), Ok(Without::Same));
        let after = chunk(&[("a", &[1]), ("c", &[3])]);
        assert_eq!(
            without(&before, |doc| doc == 2),
            Ok(Without::Changed(after))
        );
        assert_eq!(without(&before, |doc| doc > 0), Ok(Without::Nothing));
        let first = chunk(&[("b", &[2])]);
        assert_eq!(
            without(&chunk(&[("a", &[1]), ("b", &[2])]), |doc| doc == 1),
            Ok(Without::Changed(first))
        );
    }
}
