//! A file as parts, each with its length and checksum: what is damaged costs its own part and no more.

/// Appends a part.
pub fn push(file: &mut Vec<u8>, bytes: &[u8]) {
    file.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    file.extend_from_slice(&checksum(bytes));
    file.extend_from_slice(bytes);
}

/// The parts of a file, one after the other: the bytes of each that is sound, `None` for one that is not.
///
/// A file whose end is missing ends with a `None`.
pub fn parts(mut file: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        if file.is_empty() {
            return None;
        }
        let (sound, rest) = next(file).unwrap_or((None, &[]));
        file = rest;
        Some(sound)
    })
}

fn next(file: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some(((checksum(bytes) == *sum).then_some(bytes), rest))
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_costs_its_own_part() {
        let mut file = Vec::new();
        for bytes in [b"one".as_slice(), b"two", b""] {
            push(&mut file, bytes);
        }
        assert_eq!(parts(&file).collect::<Vec<_>>(), [Some(b"one".as_slice()), Some(b"two"), Some(b"")]);
        file[16] ^= 1;
        assert_eq!(parts(&file).collect::<Vec<_>>(), [None, Some(b"two".as_slice()), Some(b"")]);
        file.truncate(30);
        assert_eq!(parts(&file).collect::<Vec<_>>(), [None, None]);
    }
}
