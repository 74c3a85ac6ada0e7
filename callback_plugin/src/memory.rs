//! The recorder's memory: the allocator of this module's Rust code.
//!
//! Ansible forks a worker before each result. Every page shared with a fork is copied when the parent next writes to
//! it, at some 2 µs a page, and a hook would pay that for each page it touches. So small allocations come from an
//! [`Arena`] that the kernel does not pass on to children; large ones, and all if there is no such arena, come from the
//! system. A child never uses the arena's content: it would read zeros, and it gets its memory from the system.
//!
//! Anything that Python points to (types, functions) must be readable in a child. All of that is allocated when this
//! module is imported, and the arena begins with the first recording: [`begin`].

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use playback_recorder_core::arena::Arena;

use crate::fork;

#[global_allocator]
static MEMORY: Memory = Memory;

/// Only read once it is filled, so that no fork makes a hook copy its page.
static ARENA: OnceLock<Option<Arena>> = OnceLock::new();

struct Memory;

/// From now on, small allocations are not copied by `fork`; a second call changes nothing.
pub(crate) fn begin() {
    // This is Python's main thread, which is the one that forks. The standard library lists a thread's
    // destructors in a vector, which a child may read when it exits. What begins outside the arena stays
    // outside as it grows, so the list has to begin here.
    struct Listed;
    impl Drop for Listed {
        fn drop(&mut self) {}
    }
    thread_local!(static LISTED: Listed = const { Listed });
    let _ = LISTED.try_with(|_| ());

    static BEGUN: AtomicBool = AtomicBool::new(false);
    if !BEGUN.swap(true, Ordering::SeqCst) {
        let _ = ARENA.set(Arena::new());
    }
}

/// With a limited address space (`ulimit -v`), threads share one heap from now on: glibc reserves 64 MiB for each
/// thread's own, and Ansible's next thread might find none left.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn share_heap_where_limited() {
    let mut limit = std::mem::MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: the pointer is valid for a whole `rlimit`, which is plain numbers: all zeros is a value of it. `mallopt`
    // takes its own lock.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_AS, limit.as_mut_ptr()) == 0
            && limit.assume_init().rlim_cur != libc::RLIM_INFINITY
        {
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}

/// Other C libraries have no such heaps.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_heap_where_limited() {}

fn arena() -> Option<&'static Arena> {
    ARENA.get()?.as_ref()
}

/// The arena, if it may be used: not in a child, whose copy of it is empty.
fn usable() -> Option<&'static Arena> {
    arena().filter(|_| !fork::in_child())
}

// SAFETY: every block comes from the arena or from the system, which keep the contract themselves; the owner follows
// from the address, and the block is given back to that one, or in a child not at all.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match usable().and_then(|arena| arena.take(layout)) {
            Some(block) => block.as_ptr(),
            // SAFETY: the caller's promise about `layout` is passed on.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match usable().and_then(|arena| arena.take(layout)) {
            Some(block) => {
                // SAFETY: the block is new and at least as large as the layout.
                unsafe { ptr::write_bytes(block.as_ptr(), 0, layout.size()) };
                block.as_ptr()
            }
            // SAFETY: the caller's promise about `layout` is passed on.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match arena().filter(|arena| arena.holds(block)) {
            Some(arena) => {
                if !fork::in_child() {
                    // SAFETY: the arena holds it, and the caller gives it up, with the layout it was taken with.
                    unsafe { arena.give_back(block, layout) };
                }
            }
            // SAFETY: not the arena's, so the system's.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match arena().filter(|arena| arena.holds(block)) {
            Some(_) if Arena::fits_as_it_is(layout, size) => block,
            Some(_) => {
                // SAFETY: the caller promises that `size` makes a layout with this alignment.
                let larger = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
                // SAFETY: `size` is not 0, by the caller's promise.
                let new = unsafe { self.alloc(larger) };
                if !new.is_null() {
                    // SAFETY: both blocks are that long, and a new block overlaps no other.
                    unsafe { ptr::copy_nonoverlapping(block, new, layout.size().min(size)) };
                    // SAFETY: the caller gives up the old block.
                    unsafe { self.dealloc(block, layout) };
                }
                new
            }
            // SAFETY: not the arena's, so the system's.
            None => unsafe { System.realloc(block, layout, size) },
        }
    }
}
