"""Stacks as memray tells them, and what of them a reader gets; the names are from a real dump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.heaps.frames import Frame, informative_frames, short_name

RUSTC = "/rustc/29483883eed69d5fb4db01964cdf2af4d86e9cb2/library/alloc/src/vec/mod.rs"
TOKIO = "/usr/local/cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.52.1/src/sync/broadcast.rs"
OWN = "crates/spark-wallet/src/event.rs"
PYTHON = "/venv/lib/python3.11/site-packages/breez_sdk_spark/breez_sdk_spark.py"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("channel<spark_wallet::model::WalletEvent>", "channel<WalletEvent>"),
        (
            "with_capacity<tokio::loom::std::mutex::Mutex<tokio::sync::broadcast::Slot<spark_wallet::model::WalletEvent>>>",
            "with_capacity<Mutex<Slot<WalletEvent>>>",
        ),
        (
            "spawn<tracing::instrument::Instrumented<"
            "spark_wallet::wallet::{impl#4}::run_background_tasks::{async_fn#0}::{async_block_env#0}>>",
            "spawn<Instrumented<wallet::run_background_tasks>>",
        ),
        ("hyper::client::dispatch::channel::hc852a71c9dea10bc", "hyper::client::dispatch::channel"),
        (
            "h2::codec::Codec$LT$T$C$B$GT$::with_max_recv_frame_size::h2487be954027b3d3",
            "h2::codec::Codec<T,B>::with_max_recv_frame_size",
        ),
        (
            "_$LT$tonic..transport..channel..service..reconnect..Reconnect$LT$M$C$Target$GT$$u20$as$u20$"
            "tower_service..Service$LT$Request$GT$$GT$::poll_ready::h43d0a1b2c3d4e5f6",
            "<Reconnect<M,Target> as Service<Request>>::poll_ready",
        ),
        (
            "_ZN5bytes9bytes_mut8BytesMut13with_capacity17hff7a8003458cdaf9E.12142",
            "bytes::bytes_mut::BytesMut::with_capacity",
        ),
        ("{async_fn#0}", "{async_fn#0}"),
        ("build", "build"),
        ("_ZN0garbage", "_ZN0garbage"),
    ],
)
def test_a_name_fits_on_a_line(name: str, short: str) -> None:
    assert short_name(name) == short


@given(st.text(max_size=60))
def test_any_name_has_a_short_form(name: str) -> None:
    assert len(short_name(name)) <= len(name) + 60


def test_what_allocators_and_the_interpreter_put_in_between_is_left_out() -> None:
    stack = [
        ("_RNvMNtCslNYArtu3iFV_5alloc5allocNtB2_6Global18alloc_impl_runtime.1935", "<unknown>", 0),
        ("alloc::raw_vec::RawVecInner$LT$A$GT$::try_allocate_in::hf2454a6f483d412a", "<unknown>", 0),
        ("with_capacity_in<Slot<WalletEvent>>", RUSTC, 177),
        ("channel<spark_wallet::model::WalletEvent>", TOKIO, 510),
        ("new", OWN, 13),
        ("{async_fn#0}", "crates/spark-wallet/src/wallet.rs", 584),
        ("{async_fn#0}", "crates/spark-wallet/src/wallet_builder.rs", 136),
        ("poll<core::future::Ready<u8>>", RUSTC, 133),
        ("ffi_call", "<unknown>", 0),
        ("_call_function_pointer", "/src/Python-3.11.7/Modules/_ctypes/callproc.c", 923),
        ("_uniffi_rust_call_async", PYTHON, 51266),
        ("gen_send_ex2", "Objects/genobject.c", 219),
        ("build", PYTHON, 50275),
    ]
    assert informative_frames(stack) == (
        Frame("channel<WalletEvent>", "tokio-1.52.1/src/sync/broadcast.rs", 510),
        Frame("new", OWN, 13),
        Frame("{async_fn#0}", "crates/spark-wallet/src/wallet.rs", 584),
        Frame("{async_fn#0}", "crates/spark-wallet/src/wallet_builder.rs", 136),
        Frame("_uniffi_rust_call_async", "breez_sdk_spark/breez_sdk_spark.py", 51266),
        Frame("build", "breez_sdk_spark/breez_sdk_spark.py", 50275),
    )


def test_a_stack_of_libraries_alone_keeps_the_innermost_of_them() -> None:
    stack = [
        ("__rust_alloc", "<unknown>", 0),
        ("tokio::sync::mpsc::block::Block$LT$T$GT$::new::h2437dfb27b252b15", "<unknown>", 0),
        ("hyper::client::dispatch::channel::hc852a71c9dea10bc", "<unknown>", 0),
        ("std::sys::backtrace::__rust_begin_short_backtrace::h09b56c4447d146b2", "<unknown>", 0),
        ("start_thread", "./nptl/pthread_create.c", 442),
        ("clone3", "../sysdeps/unix/sysv/linux/x86_64/clone3.S", 81),
    ]
    names = [frame.function for frame in informative_frames(stack)]
    assert names == ["tokio::sync::mpsc::block::Block<T>::new", "hyper::client::dispatch::channel"]


def test_a_python_stack_is_its_python_frames() -> None:
    stack = [("append", "/opt/app/srv/driver.py", 3), ("_PyEval_EvalFrame", "./Include/internal/pycore_ceval.h", 73)]
    assert informative_frames(stack) == (Frame("append", "app/srv/driver.py", 3),)


def test_code_that_python_has_from_no_file_is_python() -> None:
    assert informative_frames([("<module>", "<string>", 4)]) == (Frame("<module>", "<string>", 4),)


def test_a_stack_of_plumbing_alone_tells_nothing() -> None:
    assert informative_frames([("malloc", "<unknown>", 0), ("main", "main.c", 1)]) == ()
    assert informative_frames([]) == ()
