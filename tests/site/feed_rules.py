"""The rules for feeds: RFC 4287 with what the W3C validator adds to it, and JSON Feed 1.1.

Every check gives one line for each thing that is wrong, without the name of the site.
"""
import datetime as dt, html.parser, json, mimetypes, re, urllib.parse, urllib.request
import xml.etree.ElementTree as xml
import feedparser.sanitizer

ATOM = "{http://www.w3.org/2005/Atom}"
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# What the W3C validator lets through: feedparser's list, and what the validator has added since.
ELEMENTS = feedparser.sanitizer._HTMLSanitizer.acceptable_elements | set("bdi data hgroup main mark picture rp rt ruby summary template track wbr".split())
ELEMENTS |= feedparser.sanitizer._HTMLSanitizer.mathml_elements


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


class Content(html.parser.HTMLParser):
    """Collects what the validator warns of in an entry's HTML, and the addresses in it."""

    def __init__(self, text):
        super().__init__()
        self.wrong, self.links, self.words = [], [], ""
        if re.search("[\x80-\x9f\ufffd]", text):
            self.wrong.append("a control or replacement character in the content")
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in ELEMENTS:
            self.wrong.append(f"<{tag}> in the content")
        for name, value in attributes:
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.wrong.append(f"attribute {name} in the content")
            if name in ("href", "src", "poster", "cite", "data", "action"):
                self.links.append(value or "")

    def handle_comment(self, _):
        self.wrong.append("a comment in the content")

    def handle_data(self, data):
        self.words += data


class Site:
    """One site at the address where it is served; `absolute` if it was built for that address."""

    def __init__(self, folder, url, absolute):
        self.folder, self.url, self.absolute = folder, url, absolute
        self.name = f"{folder.parent.name}/{folder.name}"

    def link(self, href, relative_is_fine=False):
        """What is wrong with a link: it must be absolute in a site with a base URL, and lead to a file if it is ours."""
        parts = urllib.parse.urlsplit(href)
        if not parts.scheme and (self.absolute or href.startswith(("/", "#"))) and not relative_is_fine:
            return f"the link {href!r} is not absolute"
        if parts.scheme not in ("", "http", "https", "mailto"):
            return f"the link {href!r} has a strange scheme"
        if not urllib.parse.urljoin(self.url, href).startswith(self.url):
            return None
        file = self.file(href)
        return None if file.is_file() or (file / "index.html").is_file() else f"the link {href!r} leads to nothing"

    def file(self, href):
        """The file that a link of ours leads to."""
        path = urllib.parse.urlsplit(urllib.parse.urljoin(self.url, href)).path
        return self.folder / urllib.parse.unquote(path[len(urllib.parse.urlsplit(self.url).path):])


def instant(text):
    """A date of a feed as a moment."""
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_date(what, text):
    if not DATE.fullmatch(text or ""):
        yield f"{what} {text!r} is not an RFC 3339 date"
    elif instant(text) > dt.datetime.now(dt.timezone.utc) + dt.timedelta(minutes=10):
        yield f"{what} {text} is in the future"


def check_content(site, what, text):
    content = Content(text)
    pictured = re.search("<(img|audio|video)", text)
    if not content.words.strip() and not pictured:
        yield f"{what}: no content"
    yield from (f"{what}: {wrong}" for wrong in content.wrong)
    yield from (f"{what}: {wrong}" for wrong in map(site.link, content.links) if wrong)


def check_length(site, what, href, length, kind):
    """An enclosure's length and type are those of the file that it names."""
    if site.file(href).is_file() and str(site.file(href).stat().st_size) != str(length):
        yield f"{what}: the length of {href} is {length}, the file's {site.file(href).stat().st_size}"
    expected = mimetypes.guess_type(site.file(href).name)[0]
    if not kind or "/" not in kind or (expected and kind.split("/")[0] != expected.split("/")[0]):
        yield f"{what}: the type of {href} is {kind!r}, expected {expected}"


def check_atom(site, feed):
    """RFC 4287 and the validator's rules, for the feed or one entry of it."""
    is_feed = feed.tag == ATOM + "feed"
    what = "feed" if is_feed else feed.findtext(ATOM + "title") or "entry"
    for name, most in dict(id=1, title=1, updated=1, published=1, summary=1, content=1, subtitle=1, generator=1, icon=1, logo=1, rights=1).items():
        found = len(feed.findall(ATOM + name))
        if found > most or (found == 0 and name in ("id", "title", "updated")):
            yield f"{what}: {found} × {name}"
    if not UUID.fullmatch(feed.findtext(ATOM + "id", "")):
        yield f"{what}: the id {feed.findtext(ATOM + 'id')!r} is no canonical urn:uuid"
    for text in feed.findall(ATOM + "title") + feed.findall(ATOM + "summary") + feed.findall(ATOM + "subtitle") + feed.findall(ATOM + "content"):
        if text.get("type", "text") not in ("text", "html") or not (text.text or "").strip():
            yield f"{what}: {text.tag[len(ATOM):]} is empty or of a strange type"
    for date in feed.findall(ATOM + "updated") + feed.findall(ATOM + "published"):
        yield from check_date(f"{what}: {date.tag[len(ATOM):]}", date.text)
    for person in feed.findall(ATOM + "author"):
        if len(person.findall(ATOM + "name")) != 1 or not person.findtext(ATOM + "name", "").strip():
            yield f"{what}: an author without one name"
    for term in feed.findall(ATOM + "category"):
        if not term.get("term", "").strip():
            yield f"{what}: a category without a term"
    alternates = [(link.get("type"), link.get("hreflang")) for link in feed.findall(ATOM + "link") if link.get("rel", "alternate") == "alternate"]
    if len(alternates) != len(set(alternates)) or not alternates:
        yield f"{what}: {len(alternates)} alternate links"
    for link in feed.findall(ATOM + "link"):
        if wrong := site.link(link.get("href", "")):
            yield f"{what}: {wrong}"
        if link.get("rel") == "enclosure":
            yield from check_length(site, what, link.get("href"), link.get("length"), link.get("type"))
            if link.get("length") == "0":
                yield f"{what}: an enclosure of length 0"


def check_atom_feed(site):
    try:
        feed = xml.fromstring(fetch(site.url + "atom.xml"))
    except xml.ParseError as bad:
        return [f"atom.xml: not well-formed: {bad}"], []
    if feed.tag != ATOM + "feed":
        return [f"atom.xml: the root is {feed.tag}"], []
    entries = feed.findall(ATOM + "entry")
    wrong = [*check_atom(site, feed), *(line for entry in entries for line in check_atom(site, entry))]
    if not all(DATE.fullmatch(each.findtext(ATOM + name) or "") for each in entries for name in ("updated", "published")):
        return [f"atom.xml: {line}" for line in wrong], []  # what follows computes with dates
    order = [child.tag == ATOM + "entry" for child in feed]
    if order != sorted(order):
        wrong.append("feed metadata after an entry")
    selves = [link.get("href") for link in feed.findall(ATOM + "link") if link.get("rel") == "self"]
    if selves != ([site.url + "atom.xml"] if site.absolute else []):
        wrong.append(f"self links {selves}, but it is served at {site.url}atom.xml")
    if feed.find(ATOM + "author") is None and (not entries or any(entry.find(ATOM + "author") is None for entry in entries)):
        wrong.append("neither the feed nor every entry has an author")
    newest = max((instant(entry.findtext(ATOM + "updated")) for entry in entries), default=None)
    if newest and instant(feed.findtext(ATOM + "updated")) != newest:
        wrong.append(f"its updated is {feed.findtext(ATOM + 'updated')}, its newest entry's {newest}")
    wrong += [*check_entries(entries), *(line for entry in entries for line in check_entry(site, entry))]
    return [f"atom.xml: {line}" for line in wrong], entries


def check_entries(entries):
    """What holds among entries: ids and dates are unique, the newest is first."""
    for name in ("id", "updated"):
        values = [entry.findtext(ATOM + name) for entry in entries]
        yield from (f"{value} is the {name} of more than one entry" for value in sorted(set(values)) if values.count(value) > 1)
    published = [entry.findtext(ATOM + "published") for entry in entries]
    if published != sorted(published, reverse=True):
        yield "the entries are not newest first"


def check_entry(site, entry):
    """An entry's content, and that its date is the one in its page's name."""
    what, date = entry.findtext(ATOM + "title"), instant(entry.findtext(ATOM + "published"))
    yield from check_content(site, what, entry.findtext(ATOM + "content") or "")
    pages = [link.get("href", "") for link in entry.findall(ATOM + "link") if link.get("rel", "alternate") == "alternate"]
    if [page.rsplit("/", 1)[-1] for page in pages] != [date.strftime("%Y-%m-%dT%H-%M-%SZ.html")]:
        yield f"{what}: published {date}, its page is {pages}"


TOP = set("version title home_page_url feed_url description user_comment next_url icon favicon authors language expired hubs items".split())
ITEM = set("id url external_url title content_html content_text summary image banner_image date_published date_modified authors tags language attachments".split())
PART = set("url mime_type title size_in_bytes duration_in_seconds".split())


def unknown(members, known):
    return [f"unknown member {name!r}" for name in members if name not in known and not re.fullmatch(r"_[^.]+", name)]


def check_item(site, item, entry):
    """The rules for one item of a JSON Feed, and that it says what the Atom entry says."""
    what = item.get("title") or item.get("id")
    wrong = unknown(item, ITEM)
    if not isinstance(item.get("id"), str) or item["id"] != entry.findtext(ATOM + "id"):
        wrong.append("its id is not the Atom entry's")
    if not (item.get("content_html") or item.get("content_text")):
        wrong.append("no content")
    if "title" in item and (not item["title"] or item["title"] != entry.findtext(ATOM + "title")):
        wrong.append(f"its title {item['title']!r} is not the Atom entry's")
    if item.get("content_html") and item["content_html"] != entry.findtext(ATOM + "content"):
        wrong.append("its content is not the Atom entry's")
    if item.get("tags", []) != [term.get("term") for term in entry.findall(ATOM + "category")]:
        wrong.append(f"its tags {item.get('tags')} are not the Atom entry's")
    if "date_published" not in item or instant(item["date_published"]) != instant(entry.findtext(ATOM + "published")):
        wrong.append("its date is not the Atom entry's")
    wrong += [line for name in ("date_published", "date_modified") if name in item for line in check_date(name, item[name])]
    wrong += [line for name in ("url", "image", "external_url") if name in item and (line := site.link(item[name]))]
    parts = item.get("attachments", [])
    for part in parts:
        wrong += unknown(part, PART) + [line for line in [site.link(part.get("url", ""))] if line]
        wrong += check_length(site, "attachment", part.get("url", ""), part.get("size_in_bytes"), part.get("mime_type"))
    titles = [part["title"] for part in parts if "title" in part]
    if len(titles) != len(set(titles)):
        wrong.append("two attachments with one title, which would mean one thing in two forms")
    enclosed = [link.get("href") for link in entry.findall(ATOM + "link") if link.get("rel") == "enclosure"]
    if [part.get("url") for part in parts] != enclosed:
        wrong.append("its attachments are not the Atom entry's enclosures")
    return [f"{what}: {line}" for line in wrong]


def check_json_feed(site, entries):
    body = fetch(site.url + "feed.json")
    try:
        feed = json.loads(body.decode("utf-8"))
    except ValueError as bad:
        return [f"feed.json: not JSON in UTF-8: {bad}"]
    wrong = unknown(feed, TOP)
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title") or not isinstance(feed.get("items"), list):
        wrong.append("version, title or items missing or wrong")
    if site.absolute and (feed.get("feed_url") != site.url + "feed.json" or feed.get("home_page_url") != site.url):
        wrong.append(f"feed_url {feed.get('feed_url')}, home_page_url {feed.get('home_page_url')}, served at {site.url}")
    wrong += [line for name in ("icon", "favicon", "next_url") if name in feed and (line := site.link(feed[name]))]
    wrong += ["authors without a name"] if not all(author.get("name") or author.get("url") for author in feed.get("authors", [])) else []
    if len(body) > 250_000:
        wrong.append(f"{len(body)} bytes; 250 KB is what the specification calls fine")
    items = feed.get("items", [])
    if len(items) != len(entries):
        wrong.append(f"{len(items)} items, atom.xml has {len(entries)}")
    wrong += [line for item, entry in zip(items, entries) for line in check_item(site, item, entry)]
    return [f"feed.json: {line}" for line in wrong]


def is_room(site):
    return (site.folder / "subscriptions.opml").is_file()


def check_room(site, entries):
    """Each entry of a reading room's feed says truly where it comes from, and the list of feeds is OPML 2.0."""
    outlines, wrong = check_opml(site)
    feeds = {feed.findtext(ATOM + "id"): (feed, link) for link in outlines for feed in [xml.fromstring(fetch(urllib.parse.urljoin(site.url, link)))]}
    if len(feeds) != len(outlines):
        wrong.append("two channels of one id")
    shown = {entry.findtext(ATOM + "id") for entry in entries}
    oldest = min((instant(entry.findtext(ATOM + "published")) for entry in entries), default=None)
    for feed, link in feeds.values():
        for entry in feed.findall(ATOM + "entry"):
            if (len(entries) < 50 or instant(entry.findtext(ATOM + "published")) > oldest) and entry.findtext(ATOM + "id") not in shown:
                wrong.append(f"{entry.findtext(ATOM + 'title')} of {link} is not in atom.xml")
    for entry in entries:
        what, sources = entry.findtext(ATOM + "title"), entry.findall(ATOM + "source")
        own, link = feeds.get(sources[0].findtext(ATOM + "id") if len(sources) == 1 else None, (None, None))
        if own is None:
            wrong.append(f"{what}: {len(sources)} sources, or one of an unknown feed")
            continue
        wrong += (f"{what}: {line}" for line in check_atom(site, sources[0]))
        wrong += (f"{what}: its source's {name} is not the feed's" for name in ("title", "updated") if sources[0].findtext(ATOM + name) != own.findtext(ATOM + name))
        if [each.get("href") for each in sources[0].findall(ATOM + "link") if each.get("rel") == "self"] != [link]:
            wrong.append(f"{what}: its source is not at {link}")
        if entry.find(ATOM + "author") is None:
            wrong.append(f"{what}: nobody wrote it")
    return [f"room: {line}" for line in wrong]


def check_opml(site):
    """The addresses of the feeds that the list names, and what is wrong with it."""
    root = xml.fromstring(fetch(site.url + "subscriptions.opml"))
    wrong = [] if root.tag == "opml" and root.get("version") == "2.0" and root.findtext("head/title") else ["no OPML 2.0 with a title"]
    feeds = root.findall("body/outline/outline")
    if not feeds or [outline for outline in root.iter("outline") if not outline.get("text")]:
        wrong.append("an outline without a text, or no feed")
    for feed in feeds:
        wrong += [f"{feed.get('text')}: {line}" for name in ("xmlUrl", "htmlUrl") if (line := site.link(feed.get(name, "")))]
        if feed.get("type") != "rss" or not feed.get("title"):
            wrong.append(f"{feed.get('text')}: no type or no title")
    return [feed.get("xmlUrl") for feed in feeds], [f"subscriptions.opml: {line}" for line in wrong]
