//! Six words that two people read to each other, to see that nobody stands between them.
//!
//! The words are those of BIP 39, which were chosen to be told apart by ear and by their first four letters.

use bip39::Language;

const PURPOSE: &str = "missive sync, six words to compare aloud";
const WORDS: u32 = 6;
const BITS_OF_A_WORD: u32 = 11;

/// The six words of a secret, 66 bits of it. Whoever hears them learns nothing of the rest.
pub fn phrase(secret: &[u8; 32]) -> String {
    let derived = blake3::derive_key(PURPOSE, secret);
    let number = derived.iter().take(16).fold(0u128, |number, byte| number << 8 | u128::from(*byte));
    let list = Language::English.word_list();
    let words = (1..=WORDS).filter_map(|word| {
        let rest = number >> (u128::BITS - word * BITS_OF_A_WORD);
        list.get(usize::try_from(rest & ((1 << BITS_OF_A_WORD) - 1)).ok()?).copied()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The words of a conversation, from what both ends know: the invitation's secret and the documents of both outboxes. Whoever stood
/// between the two could not make them the same.
pub fn for_conversation(secret: &[u8; 32], host: &[u8; 32], guest: &[u8; 32]) -> String {
    phrase(blake3::keyed_hash(secret, &[host.as_slice(), guest].concat()).as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_words_of_a_secret_never_change() {
        assert_eq!(phrase(&[0; 32]), "morning tone just churn forget half");
        assert_eq!(
            phrase(&std::array::from_fn(|at| u8::try_from(at).unwrap())),
            "scale tourist enough trim hungry parrot"
        );
    }

    #[test]
    fn the_first_66_bits_are_the_words() {
        let derived = blake3::derive_key(PURPOSE, &[7; 32]);
        let bits: Vec<String> = derived.iter().map(|byte| format!("{byte:08b}")).collect();
        let words = phrase(&[7; 32]);
        let indices = words.split(' ').map(|word| Language::English.find_word(word).unwrap());
        let back: Vec<String> = indices.map(|index| format!("{index:011b}")).collect();
        assert_eq!(back.concat(), bits.concat()[..66]);
    }

    #[test]
    fn every_word_is_as_likely_in_every_place() {
        const SECRETS: u32 = 20_480;
        let mut seen = [const { BTreeMap::<String, u32>::new() }; 6];
        let mut phrases = BTreeSet::new();
        for number in 0..SECRETS {
            let mut secret = [0; 32];
            secret[..4].copy_from_slice(&number.to_be_bytes());
            let words = phrase(&secret);
            assert_eq!(words.split(' ').count(), 6);
            for (place, word) in words.split(' ').enumerate() {
                *seen[place].entry(word.to_owned()).or_default() += 1;
            }
            phrases.insert(words);
        }
        assert_eq!(phrases.len(), SECRETS as usize, "no two secrets have the same words");
        for place in seen {
            assert!(place.len() > 2_040, "{} of 2,048 words", place.len());
            // Ten are to be expected.
            assert!(place.values().all(|times| *times <= 35));
        }
    }
}
