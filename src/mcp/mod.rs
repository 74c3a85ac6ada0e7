//! The history for assistants, by the Model Context Protocol (MCP): which read-only tools there are, what they take, and
//! what they answer, as text that is short enough to be read by a model.
//!
//! A tool asks the history API, like every other client, with the reader's own token. How a question reaches the API is an
//! [`Ask`]: `playback mcp` sends it over the network, and the collector's own endpoint, `/mcp`, hands it to its router.
//!
//! Layout:
//! - `ask`: questions to the API, and which run is meant
//! - `server`: the protocol: the handshake, the list of tools, their calls
//! - `text`: an answer that is never longer than it may be
//! - `words`: runs, times and counts in words
//! - `tools`: one module for each tool

mod ask;
mod server;
mod text;
mod tools;
mod words;

pub use ask::{Ask, Query};
pub use server::Assistant;
