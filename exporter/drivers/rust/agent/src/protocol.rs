//! The driver protocol, version 1: docs/driver-protocol.md.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub const PROTOCOL: u64 = 1;
pub const MAX_LINE_BYTES: u64 = 1 << 20;

/// The first line that a driver reads.
#[derive(Deserialize)]
pub struct Config {
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub storage_dir: PathBuf,
    /// The seeds, by wallet.
    #[serde(default)]
    pub wallets: HashMap<String, String>,
    #[serde(default = "yes")]
    pub prefer_spark: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Network {
    pub network: String,
    pub coordinator_identifier: String,
    pub threshold: u32,
    pub operators: Option<Vec<Operator>>,
    pub ca_cert_pem: Option<String>,
    pub ssp: ServiceProvider,
    pub chain: Option<Chain>,
}

#[derive(Deserialize)]
pub struct Operator {
    pub id: u32,
    pub identifier: String,
    pub address: String,
    pub identity_public_key: String,
}

#[derive(Default, Deserialize)]
pub struct ServiceProvider {
    pub base_url: String,
    pub schema_endpoint: String,
    pub identity_public_key: String,
}

#[derive(Deserialize)]
pub struct Chain {
    pub url: String,
    pub api: String,
}

fn yes() -> bool {
    true
}

/// Reads the configuration; the line holds the wallets' seeds, so none of it goes into an error.
pub fn parse_config(line: &[u8]) -> Result<Config, String> {
    let fields: Map<String, Value> =
        serde_json::from_slice(line).map_err(|_| "the configuration is not a JSON object")?;
    match fields.get("protocol") {
        Some(version) if version == PROTOCOL => {}
        version => {
            let given = version.map_or("missing".to_string(), Value::to_string);
            return Err(format!("protocol is {given}, this driver speaks {PROTOCOL}"));
        }
    }
    serde_json::from_value(fields.into()).map_err(|_| "a field of the configuration has the wrong kind of value".into())
}

/// An order to the driver, to be answered with the same id.
#[derive(Deserialize)]
pub struct Command {
    pub id: i64,
    #[serde(rename = "do")]
    pub name: String,
    #[serde(flatten)]
    args: Map<String, Value>,
}

impl Command {
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let given = Value::Object(self.args.clone());
        serde_json::from_value(given).map_err(|error| Refusal::new("invalid_arguments", error))
    }

    pub fn unknown(&self) -> Refusal {
        Refusal::new("unknown_command", format!("this driver has no command {:?}", self.name))
    }
}

/// Why a command could not be done; `kind` names it in snake case.
#[derive(Debug)]
pub struct Refusal {
    pub kind: String,
    pub text: String,
}

impl Refusal {
    pub fn new(kind: impl Into<String>, text: impl ToString) -> Self {
        Self { kind: kind.into(), text: text.to_string() }
    }
}

/// What a command gives: the fields of its result, or null where it has none.
pub type Answer = Result<Value, Refusal>;
