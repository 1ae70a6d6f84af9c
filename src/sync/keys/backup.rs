//! Bytes sealed with a passphrase, in the format of the `age` program (<https://c2sp.org/age>).
//!
//! What is sealed here opens there with `age -d`, and what `age -p` seals opens here.

use std::io::{self, Read, Write};

use age::DecryptError;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;

/// How much work a guess at the passphrase costs, as a power of two: that of `age` itself, 256 MiB and about a second.
const WORK: u8 = 18;
/// The most work that a file may ask for. It takes 1 GiB of memory; more would be a way to stop a small machine.
const MOST_WORK: u8 = 20;

const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const BEGIN_BINARY: &[u8] = b"age-encryption.org/";

/// Why nothing was sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The passphrase is another one. Damage to the very line that tests it looks the same.
    #[error("wrong passphrase")]
    Passphrase,
    /// The file was sealed, and is not as it was then.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// No sealed file at all.
    #[error("this is not an `age` file")]
    NotSealed,
    /// Sealed to somebody's key, which no passphrase opens.
    #[error("the file is encrypted to a key, not with a passphrase; `age -d -i KEYFILE` opens it")]
    SealedToKey,
    /// A format that this program does not know yet.
    #[error("the file uses a newer format than this missive knows; the newest `age` opens it")]
    Newer,
    /// The file asks for more work than an honest one.
    #[error("opening the file needs 2^{0} steps of work, and missive does at most 2^{MOST_WORK}; use `age -d`")]
    TooMuchWork(u8),
    /// The system gave no randomness, or no memory.
    #[error("the file could not be encrypted: {0}")]
    Sealing(String),
}

/// Seals bytes with a passphrase, as lines of text that survive being printed or mailed.
///
/// # Errors
/// [`Error::Sealing`].
pub fn seal(plain: &[u8], passphrase: &str) -> Result<Vec<u8>, Error> {
    seal_with(plain, passphrase, WORK)
}

fn seal_with(plain: &[u8], passphrase: &str, work: u8) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Sealing(error.to_string());
    let mut recipient = Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(work);
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(|error| failed(&error))?;
    let write = || -> io::Result<Vec<u8>> {
        let armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armour)?;
        writer.write_all(plain)?;
        writer.finish()?.finish()
    };
    write().map_err(|error| failed(&error))
}

/// Opens what was sealed with a passphrase, here or by `age`, as lines of text or as bytes.
///
/// # Errors
/// Each case of [`Error`] but `Sealing`.
pub fn open(sealed: &[u8], passphrase: &str) -> Result<Vec<u8>, Error> {
    // Who copies lines of text may take an empty one along.
    let sealed = sealed.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sealed).trim_ascii_start();
    if !sealed.starts_with(BEGIN) && !sealed.starts_with(BEGIN_BINARY) {
        return Err(Error::NotSealed);
    }
    let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(sealed)).map_err(why)?;
    let mut identity = Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let mut reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(why)?;
    let mut plain = Vec::new();
    reader.read_to_end(&mut plain).map_err(|error| Error::Damaged(error.to_string()))?;
    Ok(plain)
}

fn why(error: DecryptError) -> Error {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => Error::Passphrase,
        DecryptError::ExcessiveWork { required, .. } => Error::TooMuchWork(required),
        DecryptError::NoMatchingKeys => Error::SealedToKey,
        DecryptError::UnknownFormat => Error::Newer,
        DecryptError::InvalidHeader => Error::Damaged("its header is not valid".to_owned()),
        DecryptError::InvalidMac => Error::Damaged("its header was changed".to_owned()),
        DecryptError::Io(error) => Error::Damaged(error.to_string()),
        #[allow(unreachable_patterns, reason = "the list of errors may grow")]
        other => Error::Damaged(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As little work as there can be, so that the tests are quick.
    fn sealed(plain: &[u8]) -> Vec<u8> {
        seal_with(plain, "a passphrase", 1).unwrap()
    }

    #[test]
    fn what_is_sealed_can_be_opened() {
        for plain in [b"".to_vec(), b"secret".to_vec(), vec![7; 200_000]] {
            assert_eq!(open(&sealed(&plain), "a passphrase").unwrap(), plain);
        }
    }

    #[test]
    fn the_real_seal_is_text_and_costs_as_much_as_that_of_age() {
        let file = String::from_utf8(seal(b"secret", "naïve passphrase ☂").unwrap()).unwrap();
        assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && file.lines().all(|line| line.len() <= 64));
        let mut bytes = Vec::new();
        ArmoredReader::new(file.as_bytes()).read_to_end(&mut bytes).unwrap();
        let head = String::from_utf8_lossy(&bytes).into_owned();
        assert!(head.lines().nth(1).unwrap().ends_with(" 18"), "{head}");
        assert_eq!(open(file.as_bytes(), "naïve passphrase ☂").unwrap(), b"secret");
    }

    #[test]
    fn text_that_was_copied_about_still_opens() {
        let file = String::from_utf8(sealed(b"secret")).unwrap();
        for file in [format!("\n\n{file}\n\n"), file.replace('\n', "\r\n"), format!("\u{feff}{file}")] {
            assert_eq!(open(file.as_bytes(), "a passphrase").unwrap(), b"secret", "{file:?}");
        }
    }

    #[test]
    fn what_age_sealed_opens() {
        let file = include_bytes!("backup/by-age.txt");
        assert_eq!(open(file, "correct horse").unwrap(), b"sealed by age\n");
    }

    #[test]
    fn each_reason_is_told_apart() {
        let file = sealed(b"secret");
        assert!(matches!(open(&file, "another"), Err(Error::Passphrase)));
        for other in [b"".as_slice(), b"hello", b"-----BEGIN PGP MESSAGE-----\n", &[0; 100]] {
            assert!(matches!(open(other, "a passphrase"), Err(Error::NotSealed)), "{other:?}");
        }
        let newer = b"age-encryption.org/v9\n-> scrypt bm9uZW5vbmVub25lbm8 1\n";
        assert!(matches!(open(newer, "a passphrase"), Err(Error::Newer | Error::Damaged(_))));
        let key = age::x25519::Identity::generate();
        let to_key = age::encrypt(&key.to_public(), b"secret").unwrap();
        assert!(matches!(open(&to_key, "a passphrase"), Err(Error::SealedToKey)));
    }

    #[test]
    fn absurd_work_is_refused_at_once() {
        let head = |work: &str| {
            format!(
                "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA {work}\n{}\n--- {}\n0123456789abcdef",
                "A".repeat(43),
                "A".repeat(43)
            )
        };
        for work in ["21", "30", "63", "64", "99", "255"] {
            let error = open(head(work).as_bytes(), "a passphrase").unwrap_err();
            assert!(matches!(error, Error::TooMuchWork(_)), "{work}: {error}");
        }
        let error = open(head("999").as_bytes(), "a passphrase").unwrap_err();
        assert!(matches!(error, Error::Damaged(_)), "{error}");
        assert!(Error::TooMuchWork(22).to_string().contains("2^22 steps of work, and missive does at most 2^20"));
    }

    #[test]
    fn damage_anywhere_is_refused() {
        let file = sealed(&[7; 100]);
        for end in (0..file.len() - 1).step_by(5) {
            let error = open(&file[..end], "a passphrase").unwrap_err();
            assert!(matches!(error, Error::Damaged(_) | Error::NotSealed), "cut at {end}: {error}");
        }
        let mut bytes = Vec::new();
        ArmoredReader::new(&*file).read_to_end(&mut bytes).unwrap();
        for at in (0..bytes.len()).step_by(3) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let error = open(&changed, "a passphrase").unwrap_err();
            // Only the line that tests the passphrase can't be told from a wrong one.
            let passphrase = matches!(error, Error::Passphrase);
            assert!(!passphrase || at < 120, "changed at {at}: {error}");
        }
    }
}
