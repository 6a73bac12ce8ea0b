//! The protocol's commands, done with the Breez SDK.

use std::collections::HashMap;
use std::fs::create_dir_all;
use std::sync::{Arc, Mutex};

use breez_sdk_spark::{ReceivePaymentMethod, SdkBuilder, SdkContext, SdkContextConfig, Seed, new_shared_sdk_context};
use futures::future::join_all;
use memtest_agent::{Answer, Command, Config, Driver, Emitter, Refusal};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::instance::{Instance, told};
use crate::sdk_config::{network_of, sdk_config, with_chain};

/// The arguments of every command; each takes its own.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Args {
    instance: String,
    wallet: Option<String>,
    optimize_leaves: Option<bool>,
    server: bool,
    shared: bool,
    keep_listeners: bool,
    count: usize,
    from: String,
    to: String,
    rail: String,
    amount_sats: Option<u64>,
    request: String,
    expiry_seconds: Option<u32>,
    description: Option<String>,
    limit: u32,
}

pub struct BreezDriver {
    config: Config,
    out: Emitter,
    instances: Mutex<HashMap<String, Arc<Instance>>>,
    context: OnceCell<Arc<SdkContext>>,
}

impl Driver for BreezDriver {
    fn hello(&self) -> Value {
        json!({"driver": "breez-rust", "sdk": "breez-sdk-spark", "sdk_version": env!("SDK_VERSION")})
    }

    async fn run(&self, command: Command) -> Answer {
        let args: Args = command.args()?;
        match command.name.as_str() {
            "connect" => self.connect(args).await,
            // It connects as it is built, so what has been made ready is dropped.
            "build" => self.builder(&args).await.map(|_| Value::Null),
            "disconnect" => self.disconnect(&args.instance, args.keep_listeners).await,
            // The mistake that dropping a handle invites: its tasks are not told to end.
            "abandon" => self.take(&args.instance).map(|_| Value::Null),
            "add_listeners" => {
                self.find(&args.instance)?.add_listeners(&args.instance, &self.out, args.count).await;
                Ok(Value::Null)
            }
            "remove_listeners" => {
                self.find(&args.instance)?.remove_listeners(args.count).await?;
                Ok(Value::Null)
            }
            "balance" => Ok(json!({"balance_sats": self.find(&args.instance)?.balance_sats().await?})),
            "sync" => {
                self.find(&args.instance)?.sync().await?;
                Ok(Value::Null)
            }
            "spark_address" => Ok(json!({"address": self.find(&args.instance)?.spark_address().await?})),
            "deposit_address" => {
                let method = ReceivePaymentMethod::BitcoinAddress { new_address: None };
                Ok(json!({"address": self.find(&args.instance)?.receive(method).await?}))
            }
            "invoice" => Ok(json!({"invoice": self.invoice(&args.instance, &args).await?})),
            "pay" => self.pay(args).await,
            "pay_request" => self.send(&*self.find(&args.from)?, &args.request, args.amount_sats).await,
            "list_payments" => {
                let limit = (args.limit > 0).then_some(args.limit);
                Ok(json!({"count": self.find(&args.instance)?.count_payments(limit).await?}))
            }
            _ => Err(command.unknown()),
        }
    }

    /// Disconnects what is still connected; what fails then is logged and left.
    async fn close(&self) {
        let names: Vec<String> = self.instances.lock().unwrap().keys().cloned().collect();
        let outcomes = join_all(names.iter().map(|name| self.disconnect(name, false))).await;
        for (name, outcome) in names.iter().zip(outcomes) {
            if let Err(refusal) = outcome {
                let message = format!("disconnecting {name}: {}", refusal.text);
                self.out.emit("log", json!({"level": "warning", "message": message}));
            }
        }
    }
}

impl BreezDriver {
    pub fn new(config: Config, out: Emitter) -> Self {
        Self { config, out, instances: Mutex::default(), context: OnceCell::new() }
    }

    async fn connect(&self, args: Args) -> Answer {
        let name = &args.instance;
        if self.find(name).is_ok() {
            return Err(Refusal::new("already_connected", format!("instance {name:?} is connected")));
        }
        let handle = told(self.builder(&args).await?.build().await)?;
        self.instances.lock().unwrap().insert(args.instance, Arc::new(Instance::new(handle)));
        Ok(Value::Null)
    }

    async fn builder(&self, args: &Args) -> Result<SdkBuilder, Refusal> {
        let name = &args.instance;
        let wallet = args.wallet.as_ref().unwrap_or(name);
        let seed = self.config.wallets.get(wallet).and_then(|seed| hex::decode(seed).ok());
        let seed = seed.ok_or_else(|| Refusal::new("no_such_wallet", format!("there is no seed for {wallet:?}")))?;
        let storage = self.config.storage_dir.join(name);
        create_dir_all(&storage).map_err(|error| Refusal::new("storage_error", error))?;
        let network = &self.config.network;
        let optimize_leaves = args.optimize_leaves.unwrap_or(true);
        let config = sdk_config(network, self.config.prefer_spark, optimize_leaves, args.server)?;
        let mut builder =
            SdkBuilder::new(config, Seed::Entropy(seed)).with_default_storage(storage.to_string_lossy().into_owned());
        if args.shared {
            builder = builder.with_shared_context(self.shared_context().await?);
        }
        Ok(with_chain(builder, network))
    }

    /// What instances share, made once one does.
    async fn shared_context(&self) -> Result<Arc<SdkContext>, Refusal> {
        let make = || async {
            let network = network_of(&self.config.network)?;
            told(new_shared_sdk_context(SdkContextConfig::new(network)).await)
        };
        self.context.get_or_try_init(make).await.cloned()
    }

    async fn disconnect(&self, name: &str, keep_listeners: bool) -> Answer {
        self.take(name)?.disconnect(keep_listeners).await?;
        Ok(Value::Null)
    }

    async fn invoice(&self, instance: &str, args: &Args) -> Result<String, Refusal> {
        let method = ReceivePaymentMethod::Bolt11Invoice {
            description: args.description.clone().unwrap_or_else(|| "memtest payment".to_string()),
            amount_sats: args.amount_sats,
            expiry_secs: args.expiry_seconds,
            payment_hash: None,
        };
        self.find(instance)?.receive(method).await
    }

    async fn pay(&self, args: Args) -> Answer {
        let (sender, receiver) = (self.find(&args.from)?, self.find(&args.to)?);
        if args.rail == "spark" {
            return self.send(&sender, receiver.spark_address().await?, args.amount_sats).await;
        }
        let invoice = self.invoice(&args.to, &args).await?;
        let mut paid = self.send(&sender, &invoice, None).await?;
        paid["request"] = invoice.into();
        Ok(paid)
    }

    async fn send(&self, sender: &Instance, request: &str, amount: Option<u64>) -> Answer {
        let fees = sender.pay(request, amount, self.config.prefer_spark).await?;
        Ok(json!({"fees_sats": fees as u64}))
    }

    fn find(&self, name: &str) -> Result<Arc<Instance>, Refusal> {
        self.instances.lock().unwrap().get(name).cloned().ok_or_else(|| not_connected(name))
    }

    /// Finds an instance and forgets it.
    fn take(&self, name: &str) -> Result<Arc<Instance>, Refusal> {
        self.instances.lock().unwrap().remove(name).ok_or_else(|| not_connected(name))
    }
}

fn not_connected(name: &str) -> Refusal {
    Refusal::new("not_connected", format!("instance {name:?} is not connected"))
}
