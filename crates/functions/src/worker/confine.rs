//! What the operating system refuses to a worker, should the engine ever be broken out of. What the engine
//! itself limits is in `engine`.

use crate::Limits;
use std::io;

/// Room for the result and the messages, which are outside the JavaScript heap.
#[cfg(target_os = "linux")]
const NATIVE_BYTES: u64 = 192 << 20;

/// No file, socket or process can be opened from here on, and no core dumped.
#[cfg(target_os = "linux")]
pub(super) fn for_good(limits: &Limits) -> io::Result<()> {
    use rustix::process::Resource;
    let heap = u64::try_from(limits.memory_bytes).unwrap_or(u64::MAX);
    let memory = address_space()?.saturating_add(heap.saturating_mul(2)).saturating_add(NATIVE_BYTES);
    set(Resource::As, memory)?;
    set(Resource::Fsize, 0)?;
    set(Resource::Core, 0)?;
    set(Resource::Nproc, 0)?;
    // Standard input, output and error are open; there is no number left for another.
    set(Resource::Nofile, 3)?;
    Ok(())
}

/// No right can be gained, by threads started from here on.
#[cfg(target_os = "linux")]
pub(super) fn privileges() -> io::Result<()> {
    Ok(rustix::thread::set_no_new_privs(true)?)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn privileges() -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn for_good(_: &Limits) -> io::Result<()> {
    Ok(())
}

/// The process ends if the next call takes much more computing time than it may, even if there is no parent
/// any more to end it.
#[cfg(target_os = "linux")]
pub(super) fn cpu_time(limits: &Limits) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or_default();
    let end = used.saturating_add(limits.cpu.as_secs()).saturating_add(2);
    setrlimit(Resource::Cpu, Rlimit { current: Some(end), maximum: None })?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn cpu_time(_: &Limits) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn set(resource: rustix::process::Resource, value: u64) -> io::Result<()> {
    let limit = rustix::process::Rlimit { current: Some(value), maximum: Some(value) };
    Ok(rustix::process::setrlimit(resource, limit)?)
}

/// What the process has mapped already, in bytes: allocators reserve far more than they use.
#[cfg(target_os = "linux")]
fn address_space() -> io::Result<u64> {
    let sizes = std::fs::read_to_string("/proc/self/statm")?;
    let pages = sizes.split(' ').next().and_then(|pages| pages.parse::<u64>().ok());
    let pages = pages.ok_or(io::ErrorKind::InvalidData)?;
    Ok(pages.saturating_mul(u64::try_from(rustix::param::page_size()).unwrap_or(4096)))
}
