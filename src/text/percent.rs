//! Names and paths as parts of an address: everything is percent-encoded but what RFC 3986, section 2.3, leaves as it is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &PART.remove(b'/');

/// A name as one part of a path: a `/` in it is encoded too.
pub fn part(name: &str) -> String {
    utf8_percent_encode(name, PART).to_string()
}

/// A path whose parts `/` parts.
pub fn path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_an_address_is_encoded() {
        assert_eq!(part("100% done #1?/é~.jpg"), "100%25%20done%20%231%3F%2F%C3%A9~.jpg");
        assert_eq!(path("a b/c&\"'.txt"), "a%20b/c%26%22%27.txt");
    }
}
