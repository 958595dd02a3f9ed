//! From where users log in. Collected in memory like "last used", and recorded with it.

use crate::clock::Timestamp;
use ipnet::IpNet;
use keystead_protocol::id::{AppId, RequestId, UserId};
use std::net::IpAddr;

/// A login, the first from its network since sightings were last written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// The application.
    pub app_id: AppId,
    /// The network of the address.
    pub network: IpNet,
    /// The address.
    pub address: IpAddr,
    /// When.
    pub at: Timestamp,
    /// By which request.
    pub request_id: RequestId,
}

/// From where a user logged in without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLogin {
    /// The user.
    pub user_id: UserId,
    /// One for each network.
    pub sightings: Vec<Sighting>,
}
