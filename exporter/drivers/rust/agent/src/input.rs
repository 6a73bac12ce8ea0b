//! The standard input, by lines.

use std::io::{self, BufRead, Read};
use std::thread;

use tokio::sync::mpsc::{Receiver, channel};

use crate::protocol::MAX_LINE_BYTES;

const LINES_AHEAD: usize = 16;

/// Lines as they come, read by a thread of its own; one that is too long is dropped.
pub struct Lines(Receiver<Vec<u8>>);

impl Lines {
    pub fn of_stdin() -> Self {
        let (sender, receiver) = channel(LINES_AHEAD);
        thread::spawn(move || {
            let mut input = io::stdin().lock();
            while let Ok(Some(line)) = read_line(&mut input) {
                if !line.is_empty() && sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    /// The next line, without its end, or None at the end of the input.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.0.recv().await
    }
}

/// The next line without its end, empty for one that is too long; None at the end of the input.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if input.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        line.clear();
    }
    Ok(Some(line.trim_ascii().to_vec()))
}
