//! jemalloc, from which this process allocates: what is in use, what is held beyond that, and giving that back.

use std::ffi::CStr;
use std::ptr::null_mut;

use serde_json::{Value, json};
use tikv_jemalloc_ctl::{epoch, raw, stats};
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// The fields of a heap message, or none where the statistics can't be read.
pub fn read_heaps() -> Value {
    read().unwrap_or_else(|_| json!({"heap_bytes": {}, "unreadable_heaps": ["native"]}))
}

fn read() -> Result<Value, tikv_jemalloc_ctl::Error> {
    epoch::advance()?; // has the statistics taken anew
    let (allocated, resident) = (stats::allocated::read()?, stats::resident::read()?);
    let in_use = allocated.saturating_sub(cached()?);
    let free = resident.saturating_sub(stats::metadata::read()? + in_use);
    Ok(json!({
        "heap_bytes": {"native": in_use},
        "allocator_bytes": {
            "allocated": allocated,
            "active": stats::active::read()?,
            "resident": resident,
            "retained": stats::retained::read()?,
            "free": free,
        },
    }))
}

/// What threads keep for their next allocations: it counts as allocated, and would hide hundreds of KiB of growth.
fn cached() -> Result<usize, tikv_jemalloc_ctl::Error> {
    // jemalloc's name for all of its arenas is 4096.
    unsafe { raw::read(b"stats.arenas.4096.tcache_bytes\0") }
}

/// Gives free memory back to the kernel; tells whether there was any to give.
pub fn trim() -> bool {
    // What this thread keeps for its next allocations is free too.
    call(c"thread.tcache.flush");
    let before = resident();
    call(c"arena.4096.purge");
    resident() < before
}

fn resident() -> usize {
    epoch::advance().and_then(|_| stats::resident::read()).unwrap_or(0)
}

/// Calls one of jemalloc's procedures, which neither take a value nor give one; what fails leaves memory as it is.
fn call(name: &CStr) {
    unsafe { tikv_jemalloc_sys::mallctl(name.as_ptr(), null_mut(), null_mut(), null_mut(), 0) };
}
