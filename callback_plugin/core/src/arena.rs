//! A piece of memory that `fork` does not hand on (`MADV_WIPEONFORK`, Linux 4.14 and later).
//!
//! The size of a block is a power of two; freed blocks of each size are kept in a list and reused. Nothing is merged or
//! returned: the recorder needs little memory, and the same again for each event. The arena's own state is in the
//! arena, for the same reason as its blocks are.
//!
//! Any thread may allocate, and no call ever waits. While another thread allocates, or when the arena is full,
//! allocation fails, and the caller asks the system.

#![allow(unsafe_code)]

use std::alloc::Layout;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// Address space of the arena. Pages use memory only after their first write.
const BYTES: usize = 4 << 20;

/// The smallest block, and the alignment of all.
const SMALLEST: usize = 16;

/// The largest block: for larger ones, copying a page costs little compared with writing the content.
const LARGEST: usize = 64 << 10;

const SIZES: usize = (LARGEST / SMALLEST).ilog2() as usize + 1;

/// See the module's description.
#[derive(Debug)]
pub struct Arena {
    state: NonNull<State>,
}

// SAFETY: the state is made of atomics, and the rest of the arena belongs to the holder of the block.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

/// At the start of the arena; its initial value is all zeros.
struct State {
    /// A thread is allocating a block.
    taken: AtomicBool,
    /// Bytes ever allocated.
    used: AtomicUsize,
    /// Freed blocks, by size.
    free: [AtomicPtr<Free>; SIZES],
}

/// A free block.
struct Free {
    next: *mut Free,
}

impl Arena {
    /// None: the system does not support such memory.
    #[cfg(target_os = "linux")]
    pub fn new() -> Option<Self> {
        // SAFETY: a new private mapping wherever the kernel chooses affects no other memory.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: the range is the mapping made above.
        if unsafe { libc::madvise(base, BYTES, libc::MADV_WIPEONFORK) } != 0 {
            // SAFETY: as above, and no other code has its address yet.
            unsafe { libc::munmap(base, BYTES) };
            return None;
        }
        NonNull::new(base.cast::<State>()).map(|state| Self { state })
    }

    /// None: the system does not support such memory.
    #[cfg(not(target_os = "linux"))]
    pub fn new() -> Option<Self> {
        None
    }

    /// Allocates a block for `layout`. None: it is too large, or none is available now.
    #[inline]
    pub fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        let size = class_of(layout)?;
        let state = self.state();
        if state.taken.swap(true, Ordering::Acquire) {
            return None;
        }
        let block = self.reuse(size).or_else(|| self.cut(size));
        state.taken.store(false, Ordering::Release);
        block
    }

    /// Frees a block.
    ///
    /// # Safety
    /// It was allocated from this arena with this layout, and is no longer used.
    #[inline]
    pub unsafe fn give_back(&self, block: *mut u8, layout: Layout) {
        let Some(size) = class_of(layout) else { return };
        let list = &self.state().free[size];
        let block = block.cast::<Free>();
        let mut first = list.load(Ordering::Relaxed);
        loop {
            // SAFETY: the block is ours now, aligned for `Free`, and not smaller.
            unsafe { block.write(Free { next: first }) };
            match list.compare_exchange_weak(first, block, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => first = now,
            }
        }
    }

    /// Whether `block` is in the arena.
    #[inline]
    pub fn holds(&self, block: *const u8) -> bool {
        (block as usize).wrapping_sub(self.state.as_ptr() as usize) < BYTES
    }

    /// Whether a block allocated for `layout` also has the right size class for `size` bytes.
    #[inline]
    pub fn fits_as_it_is(layout: Layout, size: usize) -> bool {
        Layout::from_size_align(size, layout.align())
            .is_ok_and(|wanted| class_of(wanted).is_some() && class_of(wanted) == class_of(layout))
    }

    #[inline]
    fn state(&self) -> &State {
        // SAFETY: the mapping is larger than a `State`, starts at a page, lives as long as `self`, and its
        // first bytes are used for nothing else. All zeros, as it is at first, is a value of the type.
        unsafe { self.state.as_ref() }
    }

    /// A freed block. Only for the thread that holds `taken`.
    #[inline]
    fn reuse(&self, size: usize) -> Option<NonNull<u8>> {
        let list = &self.state().free[size];
        let mut first = list.load(Ordering::Acquire);
        while let Some(block) = NonNull::new(first) {
            // SAFETY: a block in the list was written by `give_back` before it was published, and only the holder of
            // `taken` removes it, so it cannot have been given out in between.
            let next = unsafe { block.as_ref().next };
            match list.compare_exchange_weak(first, next, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(block.cast()),
                Err(now) => first = now,
            }
        }
        None
    }

    /// A block that was never used. Only for the thread that holds `taken`.
    #[inline]
    fn cut(&self, size: usize) -> Option<NonNull<u8>> {
        const START: usize = size_of_state();
        let state = self.state();
        let from = state.used.load(Ordering::Relaxed);
        let to = from + (SMALLEST << size);
        if START + to > BYTES {
            return None;
        }
        state.used.store(to, Ordering::Relaxed);
        // SAFETY: the offset is within the mapping.
        let block = unsafe { self.state.cast::<u8>().add(START + from) };
        Some(block)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: the mapping is the arena's own; who drops it has no blocks of it left.
        #[cfg(target_os = "linux")]
        unsafe {
            libc::munmap(self.state.as_ptr().cast(), BYTES);
        }
    }
}

/// The size of a [`State`], rounded up so that blocks after it are aligned.
const fn size_of_state() -> usize {
    size_of::<State>().next_multiple_of(64)
}

/// The size class of a layout. None: the arena has no such size.
#[inline]
fn class_of(layout: Layout) -> Option<usize> {
    if layout.size() > LARGEST || layout.align() > SMALLEST {
        return None;
    }
    let bytes = layout.size().max(SMALLEST).next_power_of_two();
    Some((bytes / SMALLEST).ilog2() as usize)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::array::<u8>(size).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_block_is_used_again_for_the_same_size_only() {
        let arena = Arena::new().unwrap();
        let block = arena.take(layout(100)).unwrap();
        assert!(arena.holds(block.as_ptr()));
        assert_ne!(arena.take(layout(100)), Some(block));
        // SAFETY: taken above with this layout, and no longer used.
        unsafe { arena.give_back(block.as_ptr(), layout(100)) };
        assert_ne!(arena.take(layout(200)), Some(block));
        assert_eq!(arena.take(layout(128)), Some(block));
        assert!(Arena::fits_as_it_is(layout(100), 128));
        assert!(!Arena::fits_as_it_is(layout(100), 129));
        assert!(!Arena::fits_as_it_is(layout(LARGEST), LARGEST + 1));
    }

    #[test]
    fn what_it_cannot_serve_is_refused() {
        let arena = Arena::new().unwrap();
        assert_eq!(arena.take(layout(LARGEST + 1)), None);
        assert_eq!(arena.take(Layout::from_size_align(64, 64).unwrap()), None);
        assert!(!arena.holds(ptr::from_ref(&arena).cast()));
        let mut blocks = 0;
        while let Some(block) = arena.take(layout(LARGEST)) {
            // SAFETY: the block is that long.
            unsafe { block.as_ptr().add(LARGEST - 1).write(1) };
            blocks += 1;
        }
        assert_eq!(blocks, BYTES / LARGEST - 1);
        assert!(arena.take(layout(16)).is_some());
    }

    #[test]
    fn threads_never_get_the_same_block() {
        let arena = Arena::new().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let arena = &arena;
                scope.spawn(move || {
                    let mut mine = std::collections::VecDeque::new();
                    for round in 0..50_000_usize {
                        let size = 16 << (round % 5);
                        if let Some(block) = arena.take(layout(size)) {
                            // SAFETY: the block is that long, and this thread's alone.
                            unsafe { block.as_ptr().write_bytes(thread, size) };
                            mine.push_back((block, size));
                        }
                        if mine.len() > 64
                            && let Some((block, size)) = mine.pop_front()
                        {
                            // SAFETY: it was written to its whole length by this thread.
                            let bytes = unsafe { std::slice::from_raw_parts(block.as_ptr(), size) };
                            assert!(bytes.iter().all(|byte| *byte == thread));
                            // SAFETY: taken with this layout, and no longer used.
                            unsafe { arena.give_back(block.as_ptr(), layout(size)) };
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_child_finds_it_empty_and_the_parent_as_it_was() {
        let arena = Arena::new().unwrap();
        let block = arena.take(layout(16)).unwrap().as_ptr();
        // SAFETY: the block is ours.
        unsafe { block.write(7) };
        // SAFETY: the child calls nothing but `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: the mapping is there in the child too.
            unsafe { libc::_exit(i32::from(block.read())) };
        }
        let mut status = -1;
        // SAFETY: the child is this test's own.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
        // SAFETY: the block is ours.
        assert_eq!(unsafe { block.read() }, 7);
    }
}
