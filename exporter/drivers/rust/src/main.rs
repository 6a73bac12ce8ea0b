//! The driver of the Breez SDK itself, without a binding: does what the exporter tells it over the driver protocol.

mod driver;
mod instance;
mod sdk_config;

fn main() {
    memtest_agent::main(driver::BreezDriver::new)
}
