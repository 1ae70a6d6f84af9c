//! Documents: PDF (ISO 32000), and the archives that OpenDocument and Microsoft's newer formats are (APPNOTE.TXT 6.3).
//!
//! Only the few parts that name an author are inflated, each to a limit.

use std::io::{Read, Seek, SeekFrom};

use crate::media::metadata::sensitive::SensitiveMetadata;
use crate::media::metadata::words;

/// Microsoft's older formats: a file system within a file.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// How long a part may be when it is inflated, in bytes.
const MAX_PART: usize = 256 << 10;
/// How many compressed parts of a PDF are inflated, and how far behind its name each is looked for.
const MAX_STREAMS: usize = 32;
const STREAM_HEAD: usize = 512;
/// How far from its end the directory of an archive is looked for, and how long it may be, in bytes.
const ARCHIVE_END: u64 = 66_000;
const MAX_DIRECTORY: u64 = 4 << 20;
/// The parts of an archive that name an author.
const PARTS: [&[u8]; 3] = [b"docProps/core.xml", b"docProps/app.xml", b"meta.xml"];

/// Whether a document's author cannot be known here.
pub(super) fn is_opaque(beginning: &[u8]) -> bool {
    beginning.starts_with(COMPOUND)
}

/// Who wrote a PDF: its `Author`, which may stand in a compressed part. XMP is read wherever it stands.
pub(super) fn in_pdf(bytes: &[u8]) -> SensitiveMetadata {
    // The end of a long file is looked at without its beginning.
    let is_pdf = bytes.starts_with(b"%PDF") || memchr::memmem::find(bytes, b"%%EOF").is_some();
    if !is_pdf {
        return SensitiveMetadata::default();
    }
    let plain = pdf_author(bytes);
    if plain.anything() {
        return plain;
    }
    let streams = memchr::memmem::find_iter(bytes, b"/ObjStm").take(MAX_STREAMS);
    let parts = streams.filter_map(|at| {
        let behind = bytes.get(at..)?;
        let start = memchr::memmem::find(behind.get(..STREAM_HEAD).unwrap_or(behind), b"stream")? + 6;
        let data = behind.get(start..)?;
        let data = data.strip_prefix(b"\r\n").or(data.strip_prefix(b"\n")).unwrap_or(data);
        Some(pdf_author(&inflated(data, true)))
    });
    parts.fold(plain, SensitiveMetadata::and)
}

fn pdf_author(bytes: &[u8]) -> SensitiveMetadata {
    let named = memchr::memmem::find_iter(bytes, b"/Author").take(MAX_STREAMS).filter_map(|at| bytes.get(at + 7..));
    named
        .map(|behind| SensitiveMetadata::person(&pdf_text(behind)))
        .fold(SensitiveMetadata::default(), SensitiveMetadata::and)
}

/// A text in a PDF: in brackets with escapes, or as hexadecimal digits; Latin, or UTF-16 behind its mark.
fn pdf_text(behind: &[u8]) -> String {
    let bytes = match behind.get(..STREAM_HEAD).unwrap_or(behind).trim_ascii_start() {
        [b'(', rest @ ..] => bracketed(rest),
        [b'<', rest @ ..] if !rest.starts_with(b"<") => hexadecimal(rest),
        _ => Vec::new(),
    };
    match bytes.as_slice() {
        [0xFE, 0xFF, rest @ ..] => {
            let units: Vec<u16> = rest.as_chunks().0.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16_lossy(&units)
        }
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        rest => rest.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// What stands before the bracket that closes, escapes undone (7.3.4.2).
fn bracketed(text: &[u8]) -> Vec<u8> {
    let (mut out, mut depth, mut bytes) = (Vec::new(), 0_u32, text.iter().copied().peekable());
    while let Some(byte) = bytes.next() {
        match byte {
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b'(' => depth += 1,
            b'\\' => {
                let mut code = None;
                while let Some(digit) = bytes.next_if(|byte| matches!(byte, b'0'..=b'7') && code < Some(32_u32)) {
                    code = Some(code.unwrap_or(0) * 8 + u32::from(digit - b'0'));
                }
                out.extend(code.map_or_else(|| bytes.next(), |code| u8::try_from(code & 0xFF).ok()));
                continue;
            }
            _ => {}
        }
        out.push(byte);
    }
    out
}

fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let digits = text.iter().take_while(|byte| **byte != b'>').filter_map(|byte| char::from(*byte).to_digit(16));
    let digits: Vec<u32> = digits.collect();
    digits.as_chunks().0.iter().filter_map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect()
}

/// Who wrote a document that is an archive.
pub(super) fn in_archive<R: Read + Seek>(file: &mut R, length: u64) -> SensitiveMetadata {
    let beginning = read(file, 0, 4).unwrap_or_default();
    if beginning != b"PK\x03\x04" {
        return SensitiveMetadata::default();
    }
    let parts = parts(file, length).unwrap_or_default();
    parts.iter().map(|part| words::told(part)).fold(SensitiveMetadata::default(), SensitiveMetadata::and)
}

fn parts<R: Read + Seek>(file: &mut R, length: u64) -> Option<Vec<Vec<u8>>> {
    let from = length.saturating_sub(ARCHIVE_END);
    let end = read(file, from, length - from)?;
    let record = end.get(memchr::memmem::rfind(&end, b"PK\x05\x06")?..)?;
    let (size, start) = (long(record, 12)?, long(record, 16)?);
    let directory = read(file, start, Some(size).filter(|size| *size <= MAX_DIRECTORY)?)?;
    let (mut parts, mut rest) = (Vec::new(), directory.as_slice());
    while let Some(entry) = rest.strip_prefix(b"PK\x01\x02") {
        let lengths = [24, 26, 28].map(|at| short(entry, at));
        let [name, extra, comment] = [lengths[0]?, lengths[1]?, lengths[2]?];
        if entry.get(42..42 + name).is_some_and(|name| PARTS.contains(&name)) && parts.len() < PARTS.len() {
            parts.extend(part(file, entry));
        }
        rest = entry.get(42 + name + extra + comment..)?;
    }
    Some(parts)
}

/// A part by its entry in the directory: stored as it is, or deflated.
fn part<R: Read + Seek>(file: &mut R, entry: &[u8]) -> Option<Vec<u8>> {
    let (method, length, at) = (short(entry, 6)?, long(entry, 16)?, long(entry, 38)?);
    let head = read(file, at, 30)?;
    let start = at + 30 + u64::try_from(short(&head, 26)? + short(&head, 28)?).ok()?;
    let data = read(file, start, length.min(MAX_PART as u64))?;
    match method {
        0 => Some(data),
        8 => Some(inflated(&data, false)),
        _ => None,
    }
}

/// As much of compressed data as can be inflated, to the limit.
fn inflated(data: &[u8], has_header: bool) -> Vec<u8> {
    use miniz_oxide::inflate::{decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};
    let data = data.get(..MAX_PART).unwrap_or(data);
    let inflated = if has_header {
        decompress_to_vec_zlib_with_limit(data, MAX_PART)
    } else {
        decompress_to_vec_with_limit(data, MAX_PART)
    };
    inflated.unwrap_or_else(|error| error.output)
}

fn read<R: Read + Seek>(file: &mut R, from: u64, length: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from)).ok()?;
    file.take(length).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{in_archive, in_pdf};
    use crate::media::fixture::archive;

    #[test]
    fn the_author_of_a_pdf_is_read_however_it_is_written() {
        for author in [
            &b"(Azureen Sea)"[..],
            b" (Azureen\\040Sea)",
            b"<417A757265656E20536561>",
            b"<FEFF0041007A0075007200650065006E0020005300650061>",
            b"(\xEF\xBB\xBFAzureen Sea)",
        ] {
            let file = [&b"%PDF-1.4\n1 0 obj <</Title (x)/Author"[..], author, b">> endobj"].concat();
            assert_eq!(in_pdf(&file).author.as_deref(), Some("Azureen Sea"), "{}", author.escape_ascii());
        }
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(b"<</Author(Azureen Sea)/Creator(x)>>", 6);
        let head = b"%PDF-1.5\n5 0 obj <</Type/ObjStm/N 1/First 4/Filter/FlateDecode>> stream\r\n";
        assert_eq!(in_pdf(&[&head[..], &packed].concat()).author.as_deref(), Some("Azureen Sea"));
        for file in
            [&b"%PDF-1.4 /Author ()"[..], b"%PDF /Author", b"%PDF /Author (((", b"/Author (x)", b"%PDF/ObjStm stream\n"]
        {
            let told = in_pdf(file);
            assert!(told.author.is_none() || told.author.as_deref() == Some("(("), "{}", file.escape_ascii());
        }
    }

    #[test]
    fn the_author_of_an_office_document_is_read() {
        let core = b"<cp:coreProperties><dc:creator>Azureen Sea</dc:creator></cp:coreProperties>";
        for is_packed in [false, true] {
            let file = archive(&[("[Content_Types].xml", b"<x/>"), ("docProps/core.xml", core)], is_packed);
            let told = in_archive(&mut Cursor::new(&file), file.len() as u64);
            assert_eq!(told.author.as_deref(), Some("Azureen Sea"));
            for end in 0..file.len() {
                let _ = in_archive(&mut Cursor::new(&file[..end]), end as u64);
            }
        }
        let without = archive(&[("docProps/core.xml", b"<dc:creator></dc:creator>"), ("a.txt", core)], true);
        assert!(!in_archive(&mut Cursor::new(&without), without.len() as u64).anything());
    }
}
