//! Warnings before a message is sent: its text mentions an attachment that is not there.
//!
//! Checks the files that the text shows or links, and guesses in a few languages that "see attached" means an attachment. It
//! only warns.

use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::header;
use crate::channel::protocol::message_file;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::completeness;
use crate::markdown::{self, Dialect};

/// Beginnings of words that speak of attachments: English, German, French, Spanish, Italian, Portuguese, Dutch, the
/// Scandinavian languages, Polish, Russian, Greek.
const WORDS: [&str; 36] = [
    "attached",
    "attachment",
    "attaching",
    "enclosed",
    "angehängt",
    "anhang",
    "anhänge",
    "beigefügt",
    "beigelegt",
    "anbei",
    "ci-joint",
    "ci-inclus",
    "adjunto",
    "adjunta",
    "adjunté",
    "allegato",
    "allegati",
    "allegata",
    "allego",
    "anexo",
    "anexei",
    "anexad",
    "bijlage",
    "bijgevoegd",
    "vedlagt",
    "vedhæftet",
    "bifogad",
    "bifogar",
    "bilaga",
    "załączni",
    "załącza",
    "вложени",
    "приложен",
    "прикреп",
    "επισυνάπτ",
    "συνημμέν",
];

/// What French, Chinese and Japanese say, which no word begins with.
const PHRASES: [&str; 8] = ["pièce jointe", "pièces jointes", "pièce-jointe", "en pj", "附件", "附上", "添付", "첨부"];

/// What a message lacks of what its text promises, and what is wrong with its text, in words.
pub fn warnings(text: &[u8], attachments: &[RelativePath], stamp: Stamp) -> Vec<String> {
    let length = text.len() as u64;
    let text = message_file::decode(text.to_vec());
    let parted = header::part(&text.text);
    let summary = markdown::summarise(parted.body, Dialect::default());
    let mut broken = parted.problems;
    let missing = completeness::missing_attachments(&summary.links, attachments.iter(), stamp);
    if !missing.is_empty() {
        let number = if missing.len() == 1 { "is" } else { "are" };
        broken.push(format!("the text links to {}, which {number} not attached", Missing::names_in_words(&missing)));
    } else if attachments.is_empty()
        && let Some(word) = speaks_of_attachment(parted.body)
    {
        broken.push(format!("the text says “{word}”, but nothing is attached"));
    }
    if parted.header.draft {
        broken.push("its header says that it is a draft, so no site will show it".to_owned());
    }
    if length > message_file::MAX_READ {
        broken.push("it is longer than 1 MiB; a site shows only its beginning".to_owned());
    }
    broken
}

/// The word in a text, quotations and code left out, that speaks of an attachment.
fn speaks_of_attachment(text: &str) -> Option<String> {
    let mut in_code = false;
    for line in text.lines() {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            in_code = !in_code;
        } else if !in_code && !start.starts_with('>') {
            let lower = line.to_lowercase();
            let found = word(&lower).or_else(|| PHRASES.into_iter().find(|phrase| lower.contains(phrase)));
            if let Some(found) = found {
                return Some(found.to_owned());
            }
        }
    }
    None
}

fn word(lower: &str) -> Option<&str> {
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '-');
    words.find(|word| WORDS.iter().any(|beginning| word.starts_with(beginning)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        warnings(text.as_bytes(), &[], Stamp::from_seconds(0).unwrap())
    }

    #[test]
    fn a_promise_is_heard_in_many_languages() {
        for text in [
            "The plan is attached.",
            "Die Bilder sind im Anhang!",
            "Anbei die Rechnung",
            "Le fichier est en pièce jointe.",
            "Te adjunto la foto",
            "In allegato",
            "Segue em anexo",
            "Zie de bijlage",
            "W załączniku",
            "Смотри во вложении",
            "写真を添付します",
            "请看附件",
        ] {
            assert_eq!(words(text).len(), 1, "{text}");
        }
        for text in ["I am quite unattached.", "> see attached\n\nNo.", "```\nattached\n```\n", "Joint work", ""] {
            assert!(words(text).is_empty(), "{text}: {:?}", words(text));
        }
    }

    #[test]
    fn what_a_text_shows_must_be_there() {
        assert_eq!(words("![](a.jpg) attached"), ["the text links to a.jpg, which is not attached"]);
        assert!(words("[elsewhere](https://example.org/a.jpg) and [it](2013-08-11T14-34-37Z.txt)").is_empty());
        assert_eq!(words("---\ndraft: yes\n---\nx").len(), 1);
        assert_eq!(words("---\nnot a header\n---\nx").len(), 1);
    }
}
