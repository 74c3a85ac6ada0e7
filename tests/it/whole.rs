//! What `make test` leaves to `make whole` within a test: further versions, servers and forms of the same. `whole.txt`
//! names the tests that it leaves out altogether.

/// Whether everything is to be tested.
fn is_whole() -> bool {
    #[expect(clippy::disallowed_methods, reason = "how make tells the tests")]
    let told = std::env::var("PLAYBACK_TEST_WHOLE");
    told.is_ok_and(|told| !told.is_empty())
}

/// As many of these forms, those that come first; in `make whole` all. Whoever lists them begins with those that differ most.
pub(crate) fn first<T>(
    count: usize,
    forms: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = T> {
    let count = if is_whole() { usize::MAX } else { count };
    forms.into_iter().take(count)
}

/// One of these, in turn by the name of the test, so that each has about as many tests and a test always the same one; in
/// `make whole` all.
pub(crate) fn in_turn<T>(mut all: Vec<T>) -> Vec<T> {
    if is_whole() {
        return all;
    }
    // A test's thread has its name. With one test at a time it is the main thread, and all tests have the same turn.
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    let turn: usize = name.bytes().map(usize::from).sum();
    vec![all.swap_remove(turn % all.len())]
}
