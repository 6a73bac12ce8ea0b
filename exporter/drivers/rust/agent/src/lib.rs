//! A driver in Rust, apart from the SDK that it drives: reads commands, has them done, answers.

mod allocator;
mod input;
mod output;
mod protocol;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

pub use output::Emitter;
pub use protocol::{Answer, Command, Config, Network, Refusal};

use allocator::{read_heaps, trim};
use input::Lines;
use protocol::{PROTOCOL, parse_config};

const HEAP_EVERY: Duration = Duration::from_secs(1);
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// What a driver of an SDK offers to the agent.
pub trait Driver: Send + Sync + 'static {
    /// What it is: the fields `driver`, `sdk` and `sdk_version` of its hello.
    fn hello(&self) -> Value;

    /// Does a command, other than those that the agent does for every driver.
    fn run(&self, command: Command) -> impl Future<Output = Answer> + Send;

    /// Gives back everything; called once, at the end.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// Runs a driver until it is told to stop, its input closes or SIGTERM comes.
pub fn main<D: Driver>(make_driver: impl FnOnce(Config, Emitter) -> D) -> ! {
    let served = Emitter::take_over_stdout().and_then(|out| Runtime::new()?.block_on(serve(make_driver, out)));
    if let Err(error) = served {
        eprintln!("the driver failed: {error}");
    }
    exit(1)
}

/// Ends the process at once: its proper end would run into whatever the SDK still has going in its threads.
pub(crate) fn exit(code: i32) -> ! {
    unsafe { libc::_exit(code) }
}

/// Ends the process when all is done; comes back if it can't begin.
async fn serve<D: Driver>(make_driver: impl FnOnce(Config, Emitter) -> D, out: Emitter) -> io::Result<()> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut lines = Lines::of_stdin();
    let config = match parse_config(&lines.next().await.unwrap_or_default()) {
        Ok(config) => config,
        Err(complaint) => out.bye("error", &complaint, 2),
    };
    let driver = Arc::new(make_driver(config, out.clone()));
    out.emit("hello", hello(&*driver));
    out.emit("heap", read_heaps());
    select! {
        () = do_commands(&driver, &mut lines, &out) => {}
        () = report_heaps(&out) => {}
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    exit_at_the_latest();
    driver.close().await;
    out.bye("stopped", "", 0)
}

fn hello(driver: &impl Driver) -> Value {
    let mut hello = driver.hello();
    hello["protocol"] = PROTOCOL.into();
    hello["language"] = "rust".into();
    hello["pid"] = std::process::id().into();
    hello
}

async fn do_commands<D: Driver>(driver: &Arc<D>, lines: &mut Lines, out: &Emitter) {
    while let Some(line) = lines.next().await {
        match serde_json::from_slice::<Command>(&line) {
            Ok(command) if command.name == "stop" => return,
            Ok(command) => drop(tokio::spawn(answer(driver.clone(), command, out.clone()))),
            Err(error) => eprintln!("a line that is no command: {error}"),
        }
    }
}

async fn report_heaps(out: &Emitter) {
    loop {
        sleep(HEAP_EVERY).await;
        out.emit("heap", read_heaps());
    }
}

/// Does one command and says how it went.
async fn answer<D: Driver>(driver: Arc<D>, command: Command, out: Emitter) {
    let (id, began) = (command.id, Instant::now());
    // In a task of its own: a command that panics is answered too.
    let result = tokio::spawn(async move { do_one(&*driver, command).await })
        .await
        .unwrap_or_else(|panic| Err(Refusal::new("panic", panic)));
    let ok = result.is_ok();
    let mut done = match result {
        Ok(fields @ Value::Object(_)) => fields,
        Ok(_) => json!({}),
        Err(refusal) => json!({"error": refusal.text, "kind": refusal.kind}),
    };
    done["ok"] = ok.into();
    done["id"] = id.into();
    done["seconds"] = began.elapsed().as_secs_f64().into();
    out.emit("done", done);
}

async fn do_one(driver: &impl Driver, command: Command) -> Answer {
    match command.name.as_str() {
        "measure" => Ok(read_heaps()),
        "collect_garbage" => Ok(Value::Null), // there is none
        "trim" => Ok(json!({"released": trim()})),
        _ => driver.run(command).await,
    }
}

/// Ends the process after a while, whatever the SDK's threads are doing.
fn exit_at_the_latest() {
    thread::spawn(|| {
        thread::sleep(STOP_WITHIN);
        exit(1)
    });
}
