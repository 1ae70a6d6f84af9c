//! What differs between two ordered maps: what should be against what is.
//!
//! The one comparison behind building, publishing and subscribing.

use std::cmp::Ordering;

/// One difference, in key order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference<K, A, B> {
    /// Wanted and not there.
    Missing(K, A),
    /// There, but not as wanted.
    Differing(K, A, B),
    /// There and not wanted.
    Surplus(K, B),
}

/// Compares what is wanted with what is there; both in ascending key order, each key once.
///
/// `same` tells whether a value is as wanted. Takes time proportional to both and no memory of its own.
pub fn difference<K: Ord + Copy, A, B>(
    wanted: impl IntoIterator<Item = (K, A)>,
    there: impl IntoIterator<Item = (K, B)>,
    same: impl Fn(&A, &B) -> bool,
) -> impl Iterator<Item = Difference<K, A, B>> {
    let mut wanted = wanted.into_iter().peekable();
    let mut there = there.into_iter().peekable();
    std::iter::from_fn(move || {
        loop {
            let order = match (wanted.peek(), there.peek()) {
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            match order {
                Ordering::Less => return wanted.next().map(|(key, a)| Difference::Missing(key, a)),
                Ordering::Greater => return there.next().map(|(key, b)| Difference::Surplus(key, b)),
                Ordering::Equal => {
                    let ((key, a), (_, b)) = (wanted.next()?, there.next()?);
                    if !same(&a, &b) {
                        return Some(Difference::Differing(key, a, b));
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn applying_the_difference_makes_them_equal(
            wanted in proptest::collection::btree_map(0u8..40, 0u8..3, 0..30),
            there in proptest::collection::btree_map(0u8..40, 0u8..3, 0..30),
        ) {
            let mut result: BTreeMap<u8, u8> = there.clone();
            let mut touched = 0;
            for step in difference(wanted.iter(), there.iter(), |a, b| a == b) {
                touched += 1;
                match step {
                    Difference::Missing(key, value) => prop_assert_eq!(result.insert(*key, *value), None),
                    Difference::Differing(key, value, old) => prop_assert_eq!(result.insert(*key, *value), Some(*old)),
                    Difference::Surplus(key, _) => prop_assert!(result.remove(key).is_some()),
                }
            }
            prop_assert_eq!(&result, &wanted);
            let unchanged = wanted.iter().filter(|(key, value)| there.get(key) == Some(value)).count();
            let keys: std::collections::BTreeSet<_> = wanted.keys().chain(there.keys()).collect();
            prop_assert_eq!(touched, keys.len() - unchanged);
        }
    }
}
