//! Open connections: how many there are, from where, and which one is closed when there are too many.
//!
//! A connection on which no token was shown can be closed at any time: its client loses no more than the beginning of a
//! request. So many such connections make room for new ones, and do not keep other clients out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio_util::sync::CancellationToken;

/// All open connections.
#[derive(Debug, Clone)]
pub(super) struct Connections(Arc<Registry>);

#[derive(Debug)]
struct Registry {
    max: usize,
    max_per_address: usize,
    open: Mutex<Open>,
    turns: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    all: HashMap<u64, Arc<Connection>>,
    by_address: HashMap<IpAddr, usize>,
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Waiting for a request, or for the rest of its head.
    Waiting = 0,
    /// Handling a request whose client is not authenticated, or not yet.
    Unauthenticated = 1,
    /// Handling a request of an authenticated client.
    Authenticated = 2,
    /// It has become a WebSocket.
    Stream = 3,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    id: u64,
    /// The other side's address.
    peer: IpAddr,
    /// The address that it is counted by.
    address: IpAddr,
    is_proxy: bool,
    phase: AtomicU8,
    /// Number of the current wait or request: smaller ones began earlier.
    turn: AtomicU64,
    /// Whether a token was ever shown on it.
    was_known: AtomicBool,
    /// Whether a request was answered before its body had been read.
    left_unread: AtomicBool,
    /// The reading task, to be woken when the connection waits for a request again.
    reader: AtomicWaker,
    close: CancellationToken,
    registry: Connections,
}

/// Counts a connection for as long as it is open.
#[derive(Debug)]
pub(super) struct Admitted(pub(super) Arc<Connection>);

impl Connections {
    pub(super) fn new(max: usize, max_per_address: usize) -> Self {
        Self(Arc::new(Registry {
            max,
            max_per_address: max_per_address.min(max),
            open: Mutex::default(),
            turns: AtomicU64::new(0),
        }))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // The lock may be poisoned, but a panic never leaves these maps half changed.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> u64 {
        self.0.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// Admits a connection; closes another one if there are too many. None: all are in use by clients with a token.
    pub(super) fn admit(&self, peer: IpAddr, is_proxy: bool) -> Option<Admitted> {
        let address = counted(peer);
        let id = self.turn();
        let mut open = self.open();
        let same = open.by_address.get(&address).copied().unwrap_or(0);
        if !is_proxy && same >= self.0.max_per_address && !open.give_up(Some(address)) {
            return None;
        }
        if open.all.len() >= self.0.max && !open.give_up(None) {
            return None;
        }
        let connection = Arc::new(Connection {
            id,
            peer,
            address,
            is_proxy,
            phase: AtomicU8::new(Phase::Waiting as u8),
            turn: AtomicU64::new(id),
            was_known: AtomicBool::new(false),
            left_unread: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            close: CancellationToken::new(),
            registry: self.clone(),
        });
        open.all.insert(id, connection.clone());
        *open.by_address.entry(address).or_default() += 1;
        metrics::gauge!("playback_connections").set(open.all.len() as f64);
        Some(Admitted(connection))
    }

    /// Closes one, because the machine is out of resources; false if none can be spared.
    pub(super) fn give_up_one(&self) -> bool {
        self.open().give_up(None)
    }
}

impl Open {
    /// Closes the least important connection: first those on which no token was shown, among these the one that has
    /// been in the same state for longest.
    fn give_up(&mut self, address: Option<IpAddr>) -> bool {
        let spare = self
            .all
            .values()
            .filter(|open| address.is_none_or(|address| open.address == address))
            .filter(|open| matches!(open.phase(), Phase::Waiting | Phase::Unauthenticated))
            .min_by_key(|open| {
                let was_known = open.was_known.load(Ordering::Relaxed);
                (was_known, open.turn())
            })
            .cloned();
        let Some(spare) = spare else {
            return false;
        };
        self.remove(&spare);
        spare.close.cancel();
        closed("crowded");
        true
    }

    fn remove(&mut self, connection: &Connection) {
        if self.all.remove(&connection.id).is_none() {
            return;
        }
        if let Some(count) = self.by_address.get_mut(&connection.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&connection.address);
            }
        }
        metrics::gauge!("playback_connections").set(self.all.len() as f64);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.registry.open().remove(&self.0);
    }
}

impl Connection {
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Waiting,
            1 => Phase::Unauthenticated,
            2 => Phase::Authenticated,
            _ => Phase::Stream,
        }
    }

    fn enter(&self, phase: Phase) {
        self.turn.store(self.registry.turn(), Ordering::Release);
        self.phase.store(phase as u8, Ordering::Release);
    }

    pub(super) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Acquire)
    }

    /// A request arrived.
    pub(super) fn request_began(&self) {
        self.enter(Phase::Unauthenticated);
    }

    /// The client is authenticated: from now on the request is handled to its end.
    pub(crate) fn is_known(&self) {
        self.was_known.store(true, Ordering::Relaxed);
        if self.phase() == Phase::Unauthenticated {
            self.enter(Phase::Authenticated);
        }
    }

    /// The request was answered.
    pub(super) fn request_ended(&self) {
        if self.phase() != Phase::Stream {
            self.enter(Phase::Waiting);
            self.reader.wake();
        }
    }

    /// Wakes this task when the request is answered.
    pub(super) fn wake_reader(&self, context: &Context<'_>) {
        self.reader.register(context.waker());
    }

    /// It has become a WebSocket.
    pub(super) fn became_stream(&self) {
        self.enter(Phase::Stream);
    }

    /// A request's body was not read to its end.
    pub(super) fn left_unread(&self) {
        self.left_unread.store(true, Ordering::Release);
    }

    pub(super) fn has_unread(&self) -> bool {
        self.left_unread.load(Ordering::Acquire)
    }

    pub(super) fn was_known(&self) -> bool {
        self.was_known.load(Ordering::Relaxed)
    }

    /// The address of the other side.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// Whether the other side is a trusted reverse proxy.
    pub(crate) fn is_proxy(&self) -> bool {
        self.is_proxy
    }

    /// Waits until it is closed.
    pub(super) async fn given_up(&self) {
        self.close.cancelled().await;
    }
}

/// Counts a connection that was closed by us before its client was done.
pub(super) fn closed(why: &'static str) {
    metrics::counter!("playback_connections_closed_total", "reason" => why).increment(1);
}

/// The address that a client is counted by: a client usually has a whole /64 network of IPv6 addresses.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn other(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_crowd_without_tokens_keeps_nobody_out() {
        let connections = Connections::new(10, 4);
        let known = connections.admit(HERE, false).unwrap();
        known.0.request_began();
        known.0.is_known();
        let idle: Vec<Admitted> = (0..50)
            .map(|_| connections.admit(HERE, false).unwrap())
            .collect();
        assert_eq!(connections.open().all.len(), 4);
        assert!(!known.0.close.is_cancelled());
        assert!(idle[..47].iter().all(|idle| idle.0.close.is_cancelled()));
        assert!(idle[47..].iter().all(|idle| !idle.0.close.is_cancelled()));
        drop(idle);
        assert_eq!(connections.open().by_address[&HERE], 1);
    }

    #[test]
    fn one_address_leaves_room_for_others_and_a_proxy_may_have_it_all() {
        let connections = Connections::new(10, 4);
        let busy = |admitted: Admitted| {
            admitted.0.request_began();
            admitted.0.is_known();
            admitted
        };
        let mut held: Vec<Admitted> = (0..4)
            .map(|_| busy(connections.admit(HERE, false).unwrap()))
            .collect();
        assert!(connections.admit(HERE, false).is_none());
        held.extend((0..5).map(|_| busy(connections.admit(other(1), true).unwrap())));
        held.push(busy(connections.admit(other(2), false).unwrap()));
        assert!(
            connections.admit(other(3), false).is_none(),
            "all are in use"
        );
        held[0].0.request_ended();
        assert!(connections.admit(other(3), false).is_some());
        assert!(held[0].0.close.is_cancelled());
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let connections = Connections::new(10, 1);
        let _first = connections.admit("2001:db8::1".parse().unwrap(), false);
        let _second = connections.admit("2001:db8::2".parse().unwrap(), false);
        assert_eq!(connections.open().all.len(), 1);
    }
}
