//! Secret keys made anew, and the public keys and ids that belong to them.

use iroh::SecretKey;
use iroh_docs::{Author, NamespaceSecret};

use crate::sync::keys::book::Secret;

/// A new secret.
pub fn new_secret() -> Secret {
    Secret(SecretKey::generate().to_bytes())
}

/// The key by which a device of this secret key is known.
pub fn device_id(secret: &Secret) -> [u8; 32] {
    *SecretKey::from_bytes(&secret.0).public().as_bytes()
}

/// The key by which an author of this secret key is known.
pub fn author_id(secret: &Secret) -> [u8; 32] {
    *Author::from_bytes(&secret.0).id().as_bytes()
}

/// A document's id, by the key for writing it.
pub fn document_id(secret: &Secret) -> [u8; 32] {
    NamespaceSecret::from_bytes(&secret.0).id().to_bytes()
}
