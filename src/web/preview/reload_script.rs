//! The script that loads a page of a site again when its file was written anew: how it is put into a page, and how the page's own
//! policy is made to admit it.

use memchr::memmem;

/// What the pages of a site may do here: show themselves, and run the one script that is put into them. A script that a theme
/// brings along would have the app's pages in its reach, which have the same origin, so it stays still until the site is
/// published.
pub(super) fn policy(origin: &str) -> String {
    format!(
        "default-src 'none'; script-src {origin}{RELOAD}; connect-src {origin}/events; style-src 'self' 'unsafe-inline'; \
         img-src 'self' https: http: data:; media-src 'self' https: http:; font-src 'self' data:; form-action https:; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The address of the script that shows pages again.
const RELOAD: &str = "/app/reload.js";

pub(super) fn script(channel: &str, page: &str, version: &str) -> String {
    let attribute = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<script src=\"{RELOAD}\" data-site=\"{}\" data-page=\"{}\" data-version=\"{}\" defer></script>",
        attribute(channel),
        attribute(page),
        attribute(version)
    )
}

/// Puts the script before the end of a page, and lets it run where the page's own policy would not.
pub(super) fn with_script(page: &[u8], script: &str, origin: &str) -> Vec<u8> {
    let page = admitted(page, origin);
    let at = memmem::rfind(&page, b"</body>").unwrap_or(page.len());
    let (before, after) = page.split_at_checked(at).unwrap_or((&page, &[]));
    [before, script.as_bytes(), after].concat()
}

/// A page whose own policy admits the script and its stream of events.
fn admitted(page: &[u8], origin: &str) -> Vec<u8> {
    let whole = || page.to_vec();
    let Some(field) = memmem::find(page, b"http-equiv=\"Content-Security-Policy\" content=\"") else {
        return whole();
    };
    let start = field + b"http-equiv=\"Content-Security-Policy\" content=\"".len();
    let rest = page.get(start..).unwrap_or_default();
    let Some(policy) = memchr::memchr(b'"', rest).and_then(|end| std::str::from_utf8(rest.get(..end)?).ok()) else {
        return whole();
    };
    let policy_after = admitting(policy, origin);
    let (before, after) = (page.get(..start).unwrap_or_default(), rest.get(policy.len()..).unwrap_or_default());
    [before, policy_after.as_bytes(), after].concat()
}

/// Whether a directive of a policy is the one of this name.
fn is_directive(directive: &str, name: &str) -> bool {
    directive.split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case(name))
}

/// A policy that also admits the script and its stream of events.
fn admitting(policy: &str, origin: &str) -> String {
    let mut directives: Vec<String> =
        policy.split(';').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    for (name, source) in [("script-src", format!("{origin}{RELOAD}")), ("connect-src", format!("{origin}/events"))] {
        match directives.iter_mut().find(|directive| is_directive(directive, name)) {
            Some(directive) => *directive = format!("{} {source}", directive.replace("'none'", "")),
            None => directives.push(format!("{name} {source}")),
        }
    }
    directives.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://localhost:3000";

    #[test]
    fn the_script_is_admitted_and_nothing_else() {
        let page = b"<head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self'\"></head><body>x</body></html>";
        let out = String::from_utf8(with_script(page, "<script></script>", ORIGIN)).unwrap();
        assert_eq!(
            out,
            "<head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self'; \
             script-src http://localhost:3000/app/reload.js; connect-src http://localhost:3000/events\"></head>\
             <body>x<script></script></body></html>"
        );
        assert_eq!(
            admitting("script-src 'none'; connect-src 'self'", ORIGIN),
            "script-src  http://localhost:3000/app/reload.js; connect-src 'self' http://localhost:3000/events"
        );
        assert_eq!(with_script(b"no body", "<s>", ORIGIN), b"no body<s>");
    }

    #[test]
    fn a_strangers_name_breaks_no_tag() {
        let tag = script("\"><script>alert(1)</script>", "a&b.html", "\"1-2\"");
        assert_eq!(tag.matches('<').count(), 2, "{tag}");
        assert!(tag.contains("data-version=\"&quot;1-2&quot;\""));
    }
}
