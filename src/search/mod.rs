//! Filters that let a search skip texts without reading them. No I/O, no SQL.
//!
//! - [`NgramFilter`]: a Bloom filter of the three- and six-byte n-grams of some texts
//! - [`index`]: which runs have which words: segments of sorted terms with postings

pub mod index;
mod ngrams;

pub use ngrams::NgramFilter;
