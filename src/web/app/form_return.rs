//! Where a form comes back to: a page of this server, whatever the form says.

use crate::web::address;

/// The page that a form names, or `otherwise` where it names none of this server.
pub(super) fn back<'a>(given: Option<&'a str>, otherwise: &'a str) -> &'a str {
    given.and_then(address::local).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_come_back_to_pages_of_this_server_only() {
        for url in ["/read/a?before=1#m", "/", "/everything"] {
            assert_eq!(back(Some(url), "/x"), url);
        }
        for url in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "read", "/a\r\nb", "/\t/evil.example"]
        {
            assert_eq!(back(Some(url), "/x"), "/x", "{url}");
        }
        assert_eq!(back(None, "/x"), "/x");
    }
}
