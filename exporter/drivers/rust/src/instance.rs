//! One connected instance of the SDK.

use std::fmt::Debug;
use std::sync::Mutex;

use async_trait::async_trait;
use breez_sdk_spark::{
    BreezSdk, EventListener, GetInfoRequest, ListPaymentsRequest, PaymentRequest, PaymentStatus,
    PrepareSendPaymentRequest, ReceivePaymentMethod, ReceivePaymentRequest, SdkError, SdkEvent, SendPaymentMethod,
    SendPaymentOptions, SendPaymentRequest, SyncWalletRequest,
};
use memtest_agent::{Emitter, Refusal};
use serde_json::json;
use tokio::sync::OnceCell;

const PAYMENT_TIMEOUT_SECONDS: u32 = 90;

/// The handle, its listeners' ids, and its Spark address once asked for.
pub struct Instance {
    handle: BreezSdk,
    listeners: Mutex<Vec<String>>,
    spark_address: OnceCell<String>,
}

impl Instance {
    pub fn new(handle: BreezSdk) -> Self {
        Self { handle, listeners: Mutex::default(), spark_address: OnceCell::new() }
    }

    pub async fn disconnect(&self, keep_listeners: bool) -> Result<(), Refusal> {
        if !keep_listeners {
            let count = self.listeners.lock().unwrap().len();
            self.remove_listeners(count).await?;
        }
        told(self.handle.disconnect().await)
    }

    pub async fn add_listeners(&self, wallet: &str, out: &Emitter, count: usize) {
        for _ in 0..count {
            let listener = Listener { wallet: wallet.to_string(), out: out.clone() };
            let id = self.handle.add_event_listener(Box::new(listener)).await;
            self.listeners.lock().unwrap().push(id);
        }
    }

    pub async fn remove_listeners(&self, count: usize) -> Result<(), Refusal> {
        for id in self.take_listeners(count)? {
            self.handle.remove_event_listener(&id).await;
        }
        Ok(())
    }

    fn take_listeners(&self, count: usize) -> Result<Vec<String>, Refusal> {
        let mut listeners = self.listeners.lock().unwrap();
        let Some(kept) = listeners.len().checked_sub(count) else {
            let complaint = format!("only {} listeners are registered", listeners.len());
            return Err(Refusal::new("no_such_listener", complaint));
        };
        Ok(listeners.split_off(kept))
    }

    /// What the SDK knows, without a sync.
    pub async fn balance_sats(&self) -> Result<u64, Refusal> {
        let request = GetInfoRequest { ensure_synced: Some(false) };
        Ok(told(self.handle.get_info(request).await)?.balance_sats)
    }

    pub async fn sync(&self) -> Result<(), Refusal> {
        told(self.handle.sync_wallet(SyncWalletRequest {}).await)?;
        Ok(())
    }

    pub async fn spark_address(&self) -> Result<&str, Refusal> {
        let ask = || self.receive(ReceivePaymentMethod::SparkAddress);
        self.spark_address.get_or_try_init(ask).await.map(String::as_str)
    }

    pub async fn receive(&self, payment_method: ReceivePaymentMethod) -> Result<String, Refusal> {
        let request = ReceivePaymentRequest { payment_method };
        Ok(told(self.handle.receive_payment(request).await)?.payment_request)
    }

    /// Pays a request and gives the fees; without an amount, the request says it.
    pub async fn pay(&self, request: &str, amount: Option<u64>, prefer_spark: bool) -> Result<u128, Refusal> {
        let asked = PrepareSendPaymentRequest {
            payment_request: PaymentRequest::Input { input: request.to_string() },
            amount: amount.map(u128::from),
            token_identifier: None,
            conversion_options: None,
            fee_policy: None,
        };
        let prepare_response = told(self.handle.prepare_send_payment(asked).await)?;
        let is_invoice = matches!(prepare_response.payment_method, SendPaymentMethod::Bolt11Invoice { .. });
        let options = is_invoice.then_some(SendPaymentOptions::Bolt11Invoice {
            prefer_spark,
            completion_timeout_secs: Some(PAYMENT_TIMEOUT_SECONDS),
        });
        let sent = SendPaymentRequest { prepare_response, options, idempotency_key: None };
        let payment = told(self.handle.send_payment(sent).await)?.payment;
        match payment.status {
            PaymentStatus::Completed => Ok(payment.fees),
            PaymentStatus::Failed => Err(Refusal::new("payment_failed", "the payment is failed and the money is back")),
            PaymentStatus::Pending => {
                let complaint = format!("the payment is pending after {PAYMENT_TIMEOUT_SECONDS} s");
                Err(Refusal::new("payment_pending", complaint))
            }
        }
    }

    /// How many payments the history has, up to a limit.
    pub async fn count_payments(&self, limit: Option<u32>) -> Result<usize, Refusal> {
        let request = ListPaymentsRequest { limit, ..Default::default() };
        Ok(told(self.handle.list_payments(request).await)?.payments.len())
    }
}

/// Passes on the kind of every event, and nothing else of it.
struct Listener {
    wallet: String,
    out: Emitter,
}

#[async_trait]
impl EventListener for Listener {
    async fn on_event(&self, event: SdkEvent) {
        self.out.emit("event", json!({"event": variant_name(&event), "wallet": self.wallet}));
    }
}

/// What the SDK answers, its error as a refusal with its kind and plain text.
pub fn told<T>(answer: Result<T, SdkError>) -> Result<T, Refusal> {
    answer.map_err(|error| Refusal::new(variant_name(&error), error))
}

/// The name of an enum's variant in snake case.
fn variant_name(value: &impl Debug) -> String {
    let shown = format!("{value:?}");
    let mut name = String::new();
    for letter in shown.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
