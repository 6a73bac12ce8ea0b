//! The SDK's configuration for a network file.

use breez_sdk_spark::{
    ChainApiType, Config, Network, SdkBuilder, SparkConfig, SparkSigningOperator, SparkSspConfig, default_config,
    default_server_config,
};
use memtest_agent::{Network as NetworkFile, Refusal};

const SYNC_INTERVAL_SECONDS: u32 = 5;

pub fn network_of(file: &NetworkFile) -> Result<Network, Refusal> {
    file.network.parse().map_err(|error| Refusal::new("no_such_network", error))
}

/// The configuration; a file without operators means the SDK's own network. On a server, instances do nothing by
/// themselves.
pub fn sdk_config(
    file: &NetworkFile,
    prefer_spark: bool,
    optimize_leaves: bool,
    server: bool,
) -> Result<Config, Refusal> {
    let network = network_of(file)?;
    let mut config = if server { default_server_config(network) } else { default_config(network) };
    config.prefer_spark_over_lightning = prefer_spark;
    config.sync_interval_secs = SYNC_INTERVAL_SECONDS;
    // Neither belongs to the payments under test, and both would call out to other servers.
    config.real_time_sync_server_url = None;
    config.lnurl_domain = None;
    config.leaf_optimization_config.auto_enabled = optimize_leaves;
    config.spark_config = spark_config(file);
    Ok(config)
}

fn spark_config(file: &NetworkFile) -> Option<SparkConfig> {
    let signing_operators = file.operators.as_ref()?.iter().map(|each| SparkSigningOperator {
        id: each.id,
        identifier: each.identifier.clone(),
        address: each.address.clone(),
        identity_public_key: each.identity_public_key.clone(),
        ca_cert_pem: file.ca_cert_pem.clone(),
    });
    Some(SparkConfig {
        coordinator_identifier: file.coordinator_identifier.clone(),
        threshold: file.threshold,
        signing_operators: signing_operators.collect(),
        ssp_config: SparkSspConfig {
            base_url: file.ssp.base_url.clone(),
            identity_public_key: file.ssp.identity_public_key.clone(),
            schema_endpoint: Some(file.ssp.schema_endpoint.clone()),
        },
        expected_withdraw_bond_sats: 10_000,
        expected_withdraw_relative_block_locktime: 1_000,
        max_token_transaction_inputs: None,
    })
}

/// With the chain that the file names, if it does.
pub fn with_chain(builder: SdkBuilder, file: &NetworkFile) -> SdkBuilder {
    let Some(chain) = &file.chain else { return builder };
    let api = match chain.api.as_str() {
        "mempool" => ChainApiType::MempoolSpace,
        _ => ChainApiType::Esplora,
    };
    builder.with_rest_chain_service(chain.url.clone(), api, None)
}
