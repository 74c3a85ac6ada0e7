//! Looks up in one segment of the index which of its runs may contain matching lines.

use std::cmp::Reverse;
use std::collections::HashMap;

use memchr::memmem::Finder;

use crate::search::index::chunk::{Terms, docs_at};
use crate::search::index::need::{Need, TermForm};
use crate::search::index::postings::{Docs, intersection, union};
use crate::search::index::words::CUT;
use crate::store::{SearchSegment, Store, StoreError};

/// Chunks whose terms are read at once.
const CHUNKS: u32 = 16;

/// If so few runs are left, they are read instead of looking for parts of words in all terms.
const FEW: usize = 4;

/// The runs of each term, by the forms of the term.
type DocsByTerm<'n> = HashMap<&'n TermForm, Docs>;

/// The numbers of the runs in a segment that may have such lines; none: all of them. What it says only holds if the
/// segment is unchanged afterwards.
pub(super) async fn lookup(
    store: &Store,
    segment: &SearchSegment,
    need: &Need,
) -> Result<Option<Docs>, StoreError> {
    let items = match need {
        Need::All(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut conditions: Vec<(&Need, Vec<&TermForm>)> = items
        .iter()
        .map(|item| {
            let mut forms = Vec::new();
            collect(item, &mut forms);
            (item, forms)
        })
        .collect();
    // Of those that cost the same, the longest: they are probably in the fewest runs.
    conditions.sort_by_key(|(item, forms)| (item.cost(), Reverse(shortest(forms))));
    let mut known = DocsByTerm::new();
    let mut dear: Vec<&TermForm> = Vec::new();
    let mut left: Option<Docs> = None;
    for (item, forms) in conditions {
        let mut is_dear = false;
        for form in forms {
            let docs = match form {
                TermForm::Contains(_) => {
                    is_dear = true;
                    dear.push(form);
                    continue;
                }
                _ if known.contains_key(form) => continue,
                TermForm::Is(term) => equal(store, segment.id, term).await?,
                TermForm::Begins(beginning) => beginning_with(store, segment.id, beginning).await?,
            };
            known.insert(form, docs);
        }
        let docs = if is_dear { None } else { meeting(item, &known) };
        left = match (left, docs) {
            (Some(left), Some(docs)) => Some(intersection(&left, &docs)),
            (left, docs) => left.or(docs),
        };
        if left.as_ref().is_some_and(Vec::is_empty) {
            // Any other request.
            return Ok(left);
        }
    }
    if dear.is_empty() {
        return Ok(left);
    }
    let docs = meeting(need, &known);
    if docs.as_ref().is_some_and(|docs| docs.len() <= FEW) {
        return Ok(docs);
    }
    containing(store, segment.id, &dear, &mut known).await?;
    Ok(meeting(need, &known))
}

/// The length of the shortest term.
fn shortest(forms: &[&TermForm]) -> usize {
    let length = |form: &&TermForm| match form {
        TermForm::Is(term) | TermForm::Begins(term) | TermForm::Contains(term) => term.len(),
    };
    forms.iter().map(length).min().unwrap_or(0)
}

/// All forms of terms in a condition.
fn collect<'n>(need: &'n Need, forms: &mut Vec<&'n TermForm>) {
    match need {
        Need::Nothing => {}
        Need::Term(form) => forms.push(form),
        Need::All(items) | Need::Any(items) => {
            items.iter().for_each(|item| collect(item, forms));
        }
    }
}

/// The runs that meet a condition as far as it is known; none: all.
fn meeting(need: &Need, known: &DocsByTerm<'_>) -> Option<Docs> {
    match need {
        Need::Nothing => None,
        Need::Term(form) => known.get(form).cloned(),
        Need::All(items) => {
            let mut left: Option<Docs> = None;
            for item in items {
                let Some(docs) = meeting(item, known) else {
                    continue;
                };
                left = Some(match left {
                    Some(left) => intersection(&left, &docs),
                    None => docs,
                });
            }
            left
        }
        Need::Any(items) => {
            let docs: Option<Vec<Docs>> = items.iter().map(|item| meeting(item, known)).collect();
            docs.map(union)
        }
    }
}

/// The runs that have a term.
async fn equal(store: &Store, segment: i64, term: &[u8]) -> Result<Docs, StoreError> {
    let Some(chunk) = store.chunk_of(segment, term).await? else {
        return Ok(Docs::new());
    };
    match Terms::of(&chunk.terms)?.place_of(term) {
        Some(place) => Ok(union(docs_at(&chunk.postings, &[place])?)),
        None => Ok(Docs::new()),
    }
}

/// The runs that have a term with this beginning.
async fn beginning_with(store: &Store, segment: i64, beginning: &[u8]) -> Result<Docs, StoreError> {
    let mut found = Vec::new();
    let mut chunks: Vec<_> = store
        .chunk_of(segment, beginning)
        .await?
        .into_iter()
        .collect();
    // Without such a chunk, all terms come after the beginning.
    let mut after = match chunks.first() {
        Some(chunk) => chunk.first_term.clone(),
        None => beginning.to_vec(),
    };
    loop {
        for chunk in &chunks {
            if chunk.first_term.as_slice() > beginning && !chunk.first_term.starts_with(beginning) {
                return Ok(union(found));
            }
            let terms = Terms::of(&chunk.terms)?;
            let places = terms.places(|term| term.starts_with(beginning));
            if !places.is_empty() {
                found.extend(docs_at(&chunk.postings, &places)?);
            }
            after.clone_from(&chunk.first_term);
        }
        chunks = store.chunks_after(segment, &after, CHUNKS).await?;
        if chunks.is_empty() {
            return Ok(union(found));
        }
    }
}

/// Finds the runs that have terms which contain some parts, or that are cut: all parts in one pass over all terms.
async fn containing<'n>(
    store: &Store,
    segment: i64,
    forms: &[&'n TermForm],
    known: &mut DocsByTerm<'n>,
) -> Result<(), StoreError> {
    let part = |form: &TermForm| match form {
        TermForm::Contains(part) => part.clone(),
        TermForm::Is(_) | TermForm::Begins(_) => Vec::new(),
    };
    let parts: Vec<Vec<u8>> = forms.iter().map(|form| part(form)).collect();
    let finders: Vec<Option<Finder<'_>>> = parts
        .iter()
        .map(|part| (!part.is_empty()).then(|| Finder::new(part)))
        .collect();
    let cut = Finder::new(std::slice::from_ref(&CUT));
    let mut found: Vec<Vec<Docs>> = vec![Vec::new(); forms.len()];
    let mut after = Vec::new();
    loop {
        let chunks = store.terms_after(segment, &after, CHUNKS).await?;
        let Some((last, _)) = chunks.last() else {
            break;
        };
        after.clone_from(last);
        for (first_term, terms) in &chunks {
            let terms = Terms::of(terms)?;
            let cut = terms.containing(&cut);
            let mut places: Vec<usize> = Vec::new();
            let of_form: Vec<Vec<usize>> = finders
                .iter()
                .map(|finder| {
                    let mut of_form = cut.clone();
                    of_form.extend(finder.iter().flat_map(|finder| terms.containing(finder)));
                    of_form.sort_unstable();
                    of_form.dedup();
                    places.extend(&of_form);
                    of_form
                })
                .collect();
            if places.is_empty() {
                continue;
            }
            places.sort_unstable();
            places.dedup();
            // Without the chunk, the segment has changed, and what is found is not used.
            let Some(postings) = store.postings_of(segment, first_term).await? else {
                return Ok(());
            };
            let docs = docs_at(&postings, &places)?;
            for (found, of_form) in found.iter_mut().zip(of_form) {
                let places = places.iter().zip(&docs);
                let own = places.filter(|(place, _)| of_form.binary_search(place).is_ok());
                found.extend(own.map(|(_, docs)| docs.clone()));
            }
        }
    }
    for (form, found) in forms.iter().zip(found) {
        known.insert(form, union(found));
    }
    Ok(())
}
