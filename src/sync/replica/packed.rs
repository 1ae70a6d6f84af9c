//! Maps that take no more room than what is in them.

use std::collections::BTreeMap;

/// The same map, without the spare room that it has left where it grew: of a map that was filled in order that is nearly half.
pub fn packed<K: Ord, V>(map: BTreeMap<K, V>) -> BTreeMap<K, V> {
    // A map that is collected in order is made of full nodes.
    map.into_iter().collect()
}
