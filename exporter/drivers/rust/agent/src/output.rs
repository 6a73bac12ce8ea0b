//! The standard output, kept for messages.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::exit;

/// Writes messages, one line each, from any thread.
#[derive(Clone)]
pub struct Emitter(Arc<Mutex<File>>);

impl Emitter {
    /// Keeps the standard output to itself: what anything else prints goes to the standard error.
    pub(crate) fn take_over_stdout() -> io::Result<Self> {
        let kept = io::stdout().as_fd().try_clone_to_owned()?;
        if unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(Arc::new(Mutex::new(kept.into()))))
    }

    /// Writes a message of this type with these fields.
    pub fn emit(&self, kind: &str, message: Value) {
        drop(self.write(kind, message));
    }

    /// Writes the last message and ends the process; nobody writes after it.
    pub(crate) fn bye(&self, reason: &str, message: &str, code: i32) -> ! {
        let _kept = self.write("bye", json!({"reason": reason, "message": message}));
        exit(code)
    }

    fn write(&self, kind: &str, mut message: Value) -> MutexGuard<'_, File> {
        message["type"] = kind.into();
        let line = format!("{message}\n");
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if out.write_all(line.as_bytes()).is_err() {
            exit(1); // the exporter is gone
        }
        out
    }
}
