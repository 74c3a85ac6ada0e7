//! Captures what forked workers print themselves.
//!
//! Up to ansible-core 2.18 a worker has its parent's standard streams, and a `print` in a filter, a lookup or an action
//! goes to the terminal without passing our code in the parent. (Since 2.19 a worker's streams lead nowhere, and
//! Ansible shows their text as warnings.) A worker must use nothing that its parent's threads use, so it appends its
//! output to a file in memory, by one `writev` and without a lock; its parent reads that before it records anything of
//! its own, so that texts are recorded in the order in which they were printed.
//!
//! The plugin also passes on what Python writes to the streams' descriptors (`os.write(1, …)`). Not covered are native
//! code that writes to descriptors 1 and 2, and what a worker prints at the moment when its parent is killed. Programs
//! that inherit these descriptors are counted, so that the record says what may be missing.

#![allow(unsafe_code)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use playback_recorder_core::secret::PLACEHOLDER;
use playback_wire::Stream;
use pyo3::prelude::*;

use crate::censor;

/// Maximum size of unread text. Anything beyond is left out, and counted.
const LARGEST: u64 = 64 << 20;

/// Pages that were read are released in portions of this many bytes.
const HOLE: u64 = 1 << 20;

/// Marks the beginning of a text in the file.
const MAGIC: u32 = 0x5042_5057;

const HEADER: usize = 16;

/// Plain numbers and a pointer: readable in a child, and never written to.
#[derive(Debug)]
struct Channel {
    fd: libc::c_int,
    shared: *const Shared,
}

// SAFETY: the pointer is to a mapping that is never undone, and what it holds are atomics.
unsafe impl Send for Channel {}
// SAFETY: as above.
unsafe impl Sync for Channel {}

/// In a page that parent and children share.
#[derive(Debug)]
struct Shared {
    /// Whether the parent reads.
    open: AtomicBool,
    /// How many texts were written.
    written: AtomicU32,
    /// How many were left out.
    left_out: AtomicU32,
    /// Programs started with a standard stream of Ansible's, here or in a worker.
    programs: AtomicU32,
    /// Offset up to which the file was read.
    read: AtomicU64,
}

/// None: the system has no such file.
static CHANNEL: OnceLock<Option<Channel>> = OnceLock::new();

/// A text of a worker.
#[derive(Debug)]
pub(crate) struct Printed {
    /// The stream that it was printed to.
    pub(crate) stream: Stream,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

fn channel() -> Option<(&'static Channel, &'static Shared)> {
    let channel = CHANNEL.get()?.as_ref()?;
    // SAFETY: see `Channel`: the mapping is there for good, and zeroed pages are a value of `Shared`.
    Some((channel, unsafe { &*channel.shared }))
}

/// From now on, texts of workers are kept.
pub(crate) fn open() {
    CHANNEL.get_or_init(make);
    if let Some((_, shared)) = channel() {
        shared.open.store(true, Ordering::SeqCst);
    }
}

/// Texts are no longer read.
pub(crate) fn close() {
    if let Some((_, shared)) = channel() {
        shared.open.store(false, Ordering::SeqCst);
    }
}

#[cfg(target_os = "linux")]
fn make() -> Option<Channel> {
    // SAFETY: the name is a C string; a new descriptor has no other owner.
    let fd = unsafe { libc::memfd_create(c"playback-workers".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return None;
    }
    // SAFETY: `fd` is ours; the mapping is new, wherever the kernel likes.
    let shared = unsafe {
        if libc::fcntl(fd, libc::F_SETFL, libc::O_APPEND) != 0 {
            libc::close(fd);
            return None;
        }
        libc::mmap(
            std::ptr::null_mut(),
            size_of::<Shared>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if shared == libc::MAP_FAILED {
        // SAFETY: `fd` is ours.
        unsafe { libc::close(fd) };
        return None;
    }
    Some(Channel {
        fd,
        shared: shared.cast(),
    })
}

#[cfg(not(target_os = "linux"))]
fn make() -> Option<Channel> {
    None
}

/// FNV-1a: detects a text that a killed worker wrote only in part.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// A worker has printed `bytes`. Only uses what is allowed in a forked child: two system calls and no allocation.
fn append(stream: Stream, bytes: &[u8]) {
    let Some((channel, shared)) = channel() else {
        return;
    };
    if bytes.is_empty() || !shared.open.load(Ordering::Relaxed) {
        return;
    }
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // SAFETY: `fstat` fills the structure, which is plain numbers; the vectors point to memory that outlives the call.
    let written = unsafe {
        let mut about: libc::stat = std::mem::zeroed();
        let known = libc::fstat(channel.fd, &raw mut about) == 0;
        let waiting = u64::try_from(about.st_size)
            .unwrap_or(u64::MAX)
            .saturating_sub(shared.read.load(Ordering::Relaxed));
        if !known || waiting.saturating_add(length.into()) > LARGEST {
            false
        } else {
            let mut header = [0_u8; HEADER];
            header[..4].copy_from_slice(&MAGIC.to_ne_bytes());
            header[4..8].copy_from_slice(&length.to_ne_bytes());
            header[8..12].copy_from_slice(&checksum(bytes).to_ne_bytes());
            header[12] = stream as u8;
            let parts = [
                libc::iovec {
                    iov_base: header.as_mut_ptr().cast(),
                    iov_len: HEADER,
                },
                libc::iovec {
                    iov_base: bytes.as_ptr().cast_mut().cast(),
                    iov_len: bytes.len(),
                },
            ];
            libc::writev(channel.fd, parts.as_ptr(), 2) == (HEADER + bytes.len()) as isize
        }
    };
    if !written {
        shared.left_out.fetch_add(1, Ordering::Relaxed);
    }
    shared.written.fetch_add(1, Ordering::Release);
}

/// In a worker: text that reached the stream. Under `no_log`, or while it is unknown whether that applies, one line
/// stands for everything that the worker prints.
pub(crate) fn printed(py: Python<'_>, stream: Stream, bytes: &[u8]) {
    // Each worker begins with its parent's value.
    static HIDES: AtomicBool = AtomicBool::new(false);
    if !is_censored(py).unwrap_or(true) {
        append(stream, bytes);
    } else if !HIDES.swap(true, Ordering::Relaxed) {
        append(stream, PLACEHOLDER.as_bytes());
    }
}

fn is_censored(py: Python<'_>) -> PyResult<bool> {
    let module = py.import("ansible.executor.process.worker")?;
    let Some(worker) = module
        .getattr_opt("current_worker")?
        .filter(|worker| !worker.is_none())
    else {
        return current_task(py).map(|censored| censored.unwrap_or(false));
    };
    Ok(!censor::is_false(
        &worker.getattr("_task")?.getattr("no_log")?,
    ))
}

/// Versions before 2.17 do not name the current worker: it is the object whose method is running.
fn current_task(py: Python<'_>) -> PyResult<Option<bool>> {
    let mut frame = py.import("sys")?.call_method0("_getframe")?;
    while !frame.is_none() {
        let code = frame.getattr("f_code")?;
        if code.getattr("co_name")?.extract::<String>()? == "_run" {
            let names = frame.getattr("f_locals")?;
            let owner = names.call_method1("get", ("self",))?;
            if !owner.is_none() && owner.hasattr("_final_q")? && owner.hasattr("_task")? {
                let task = owner.getattr("_task")?;
                return Ok(Some(!censor::is_false(&task.getattr("no_log")?)));
            }
        }
        frame = frame.getattr("f_back")?;
    }
    Ok(None)
}

/// How many texts the parent has seen.
static SEEN: AtomicU32 = AtomicU32::new(0);

/// In the parent: what workers have printed since the last call. Calls must not overlap.
pub(crate) fn take() -> Vec<Printed> {
    let Some((channel, shared)) = channel() else {
        return Vec::new();
    };
    let written = shared.written.load(Ordering::Acquire);
    if SEEN.load(Ordering::Relaxed) == written {
        return Vec::new();
    }
    take_new(channel, shared, written)
}

/// Kept apart, because its buffer lies on the stack: a function that makes room for it touches pages that the last fork
/// shares, and each of them is copied.
#[cold]
#[inline(never)]
fn take_new(channel: &Channel, shared: &Shared, written: u32) -> Vec<Printed> {
    let mut texts = Vec::new();
    SEEN.store(written, Ordering::Relaxed);
    let from = shared.read.load(Ordering::Relaxed);
    let waiting = read_from(channel.fd, from);
    let mut at = 0;
    while let Some(header) = waiting.get(at..at + HEADER) {
        let number = |place: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&header[place..place + 4]);
            u32::from_ne_bytes(bytes)
        };
        let length = number(4) as usize;
        let body = waiting.get(at + HEADER..at + HEADER + length);
        match body {
            Some(body) if number(0) == MAGIC && checksum(body) == number(8) => {
                texts.push(Printed {
                    stream: if header[12] == Stream::Stderr as u8 {
                        Stream::Stderr
                    } else {
                        Stream::Stdout
                    },
                    bytes: body.to_vec(),
                });
                at += HEADER + length;
            }
            None if number(0) == MAGIC => {
                // It is still being written: it will be read later.
                SEEN.store(written.wrapping_sub(1), Ordering::Relaxed);
                break;
            }
            // A worker was killed while writing: the next text begins after its part.
            _ => match next_magic(&waiting, at + 1) {
                Some(next) => {
                    shared.left_out.fetch_add(1, Ordering::Relaxed);
                    at = next;
                }
                None => break,
            },
        }
    }
    let upto = from + at as u64;
    shared.read.store(upto, Ordering::Relaxed);
    if upto / HOLE > from / HOLE {
        punch(channel.fd, upto / HOLE * HOLE);
    }
    texts
}

fn next_magic(bytes: &[u8], from: usize) -> Option<usize> {
    let magic = MAGIC.to_ne_bytes();
    let found = bytes
        .get(from..)?
        .windows(magic.len())
        .position(|window| window == magic)?;
    Some(from + found)
}

/// Number of texts left out so far in this process.
pub(crate) fn left_out() -> u64 {
    channel().map_or(0, |(_, shared)| {
        shared.left_out.load(Ordering::Relaxed).into()
    })
}

/// A program was started, here or in a worker, whose output cannot be captured.
pub(crate) fn started_program() {
    if let Some((_, shared)) = channel()
        && shared.open.load(Ordering::Relaxed)
    {
        shared.programs.fetch_add(1, Ordering::Relaxed);
    }
}

/// Number of such programs started so far in this process and its workers.
pub(crate) fn programs() -> u64 {
    channel().map_or(0, |(_, shared)| {
        shared.programs.load(Ordering::Relaxed).into()
    })
}

fn read_from(fd: libc::c_int, from: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0_u8; 16 << 10];
        let at = from + bytes.len() as u64;
        // SAFETY: the buffer is as long as is said.
        let count =
            unsafe { libc::pread(fd, part.as_mut_ptr().cast(), part.len(), at as libc::off_t) };
        match usize::try_from(count) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return bytes,
        }
    }
}

#[cfg(target_os = "linux")]
fn punch(fd: libc::c_int, upto: u64) {
    // SAFETY: the descriptor is ours, and what was read is not read again.
    unsafe {
        libc::fallocate(
            fd,
            libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE,
            0,
            upto as libc::off_t,
        );
    }
}

#[cfg(not(target_os = "linux"))]
fn punch(_fd: libc::c_int, _upto: u64) {}
