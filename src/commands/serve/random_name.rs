//! A name that nobody can guess: for the key of the server, and for a device that has no name.

/// Makes one: 32 hexadecimal digits.
pub(super) fn make() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
