//! The endpoint: this device in the network, with its key, its port, how others are looked up, and the translation of addresses.
//!
//! The port is kept from run to run, so that keys which were handed out stay good.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use iroh::address_lookup::{AddrFilter, DnsAddressLookup, PkarrPublisher, PkarrResolver};
use iroh::endpoint::{BindOpts, Builder, QuicTransportConfig, VarInt, presets};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode, RelayUrl, SecretKey, TransportAddr};
use iroh_mainline_address_lookup::DhtAddressLookup;
use iroh_mdns_address_lookup::MdnsAddressLookup;
use tracing::{info, warn};

use crate::sync::error::{Cause, Error};
use crate::sync::keys::ticket::Peer;
use crate::sync::node::blocking::blocking;
use crate::sync::options::{Lookup, Options, Relays};
use crate::sync::redacted::redacted;

/// Binds the endpoint, at the port of the last time if that is free.
pub(super) async fn bind(secret: [u8; 32], options: &Options, folder: &Path) -> Result<Endpoint, Error> {
    let kept = folder.join("port");
    let file = kept.clone();
    // Without a port of the last time, or with one that makes no sense, the system chooses one.
    let read = blocking(move || std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()));
    let port = read.await.flatten().unwrap_or(0);
    let endpoint = match builder(&secret, options, port)?.bind().await {
        Ok(endpoint) => endpoint,
        Err(error) if port != 0 => {
            warn!(port, error = %redacted(&error), "the port of the last run can't be used; keys that were handed out may name it");
            builder(&secret, options, 0)?.bind().await.map_err(failed)?
        }
        Err(error) => return Err(failed(error)),
    };
    if let Some(address) = endpoint.bound_sockets().first() {
        info!(%address, "listening");
        let port = address.port().to_string();
        let noted = blocking(move || crate::fs::atomic_write::replace(&kept, port.as_bytes()));
        noted.await.unwrap_or(Ok(()))?;
    }
    Ok(endpoint)
}

fn builder(secret: &[u8; 32], options: &Options, port: u16) -> Result<Builder, Error> {
    let mut builder = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(secret))
        .relay_mode(relays(&options.relays)?)
        .transport_config(idle_timeout())
        .clear_ip_transports();
    builder = match options.listen {
        Some(listen) => {
            let port = if listen.port() == 0 { port } else { listen.port() };
            builder.bind_addr(SocketAddr::new(listen.ip(), port)).map_err(failed)?
        }
        None => builder
            .bind_addr(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
            .map_err(failed)?
            .bind_addr_with_opts(
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
                BindOpts::default().set_is_required(false),
            )
            .map_err(failed)?,
    };
    for lookup in &options.lookup {
        builder = match lookup {
            Lookup::Dns => builder
                .address_lookup(PkarrPublisher::n0_dns())
                .address_lookup(PkarrResolver::n0_dns())
                .address_lookup(DnsAddressLookup::n0_dns()),
            Lookup::Mdns => builder.address_lookup(MdnsAddressLookup::builder()),
            // By itself it would publish relays only.
            Lookup::Dht => builder.address_lookup(DhtAddressLookup::builder().addr_filter(AddrFilter::unfiltered())),
        };
    }
    Ok(builder)
}

fn relays(relays: &Relays) -> Result<RelayMode, Error> {
    match relays {
        Relays::Public => Ok(iroh::endpoint::default_relay_mode()),
        Relays::Own(urls) if urls.is_empty() => Ok(RelayMode::Disabled),
        Relays::Own(urls) => {
            let parsed = urls.iter().map(|url| {
                url.parse::<RelayUrl>().map_err(|error| Error::Engine {
                    what: format!("`{url}` is not a relay: {error}"),
                    source: Some(error.into()),
                })
            });
            Ok(RelayMode::custom(parsed.collect::<Result<Vec<_>, _>>()?))
        }
    }
}

/// How long a peer may be silent before it is taken for gone: one that was killed is to be dialled again soon.
fn idle_timeout() -> QuicTransportConfig {
    const MAX_SILENCE_MS: u32 = 10_000;
    let config = QuicTransportConfig::builder().keep_alive_interval(Duration::from_secs(4));
    config.max_idle_timeout(Some(VarInt::from_u32(MAX_SILENCE_MS).into())).build()
}

/// What the engine said, as an error of ours.
pub(super) fn failed(error: impl Into<Cause>) -> Error {
    let error = error.into();
    Error::Engine { what: error.to_string(), source: Some(error) }
}

/// A peer as the engine knows it; `None` when its key is no point of the curve.
pub(super) fn endpoint_addr(peer: &Peer) -> Option<EndpointAddr> {
    let id = EndpointId::from_bytes(&peer.device).ok()?;
    let relay = peer.relay.as_ref().and_then(|url| url.parse::<RelayUrl>().ok()).map(TransportAddr::Relay);
    let addresses = peer.addresses.iter().copied().map(TransportAddr::Ip);
    Some(EndpointAddr::from_parts(id, addresses.chain(relay)))
}

/// An endpoint's address as it is kept and handed on.
pub(super) fn peer(address: &EndpointAddr) -> Peer {
    Peer {
        device: *address.id.as_bytes(),
        addresses: address.ip_addrs().copied().filter(|address| !address.ip().is_unspecified()).collect(),
        relay: address.relay_urls().next().map(ToString::to_string),
    }
}
