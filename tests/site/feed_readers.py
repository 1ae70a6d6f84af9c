"""What real readers make of an Atom feed: Python's feedparser, and newsboat with its cache.

Every check gives one line for each thing that is not as the feed says.
"""
import datetime as dt, pathlib, re, sqlite3, subprocess, tempfile, urllib.parse
import feedparser
from feed_rules import ATOM, Content, instant

AUDIBLE = re.compile(r"(audio|video)/|application/ogg")  # the enclosures that newsboat keeps


def check_feedparser(site, entries):
    """What feedparser made of the feed is what the feed says."""
    read = feedparser.parse(site.url + "atom.xml", sanitize_html=False)
    wrong = [f"bozo: {read.get('bozo_exception')}"] if read.bozo else []
    if read.version != "atom10" or not read.feed.get("title") or len(read.entries) != len(entries):
        return [f"feedparser: a {read.version!r} feed, titled {read.feed.get('title')!r}, of {len(read.entries)} entries"]
    for got, entry in zip(read.entries, entries):
        what, html_text = entry.findtext(ATOM + "title"), got.content[0].value if got.get("content") else ""
        if got.title != what or got.id != entry.findtext(ATOM + "id"):
            wrong.append(f"{what}: read as {got.title!r}, {got.id}")
        if dt.datetime(*got.published_parsed[:6], tzinfo=dt.timezone.utc) != instant(entry.findtext(ATOM + "published")):
            wrong.append(f"{what}: published read as {got.published}")
        if not html_text.strip() or Content(html_text).words.split() != Content(entry.findtext(ATOM + "content")).words.split():
            wrong.append(f"{what}: its content came out differently")
        for link in [got.link, *(e.href for e in got.enclosures), *Content(html_text).links]:
            if not urllib.parse.urlsplit(link).scheme:
                wrong.append(f"{what}: the link {link!r} is not absolute")
        if len(got.enclosures) != sum(link.get("rel") == "enclosure" for link in entry.findall(ATOM + "link")) or not all(int(e.get("length", 0)) > 0 and e.get("type") for e in got.enclosures):
            wrong.append(f"{what}: enclosures read as {got.enclosures}")
    if len({got.id for got in read.entries}) != len(read.entries):
        wrong.append("ids are not unique")
    return [f"feedparser: {line}" for line in wrong]


def check_newsboat(sites):
    """newsboat fetches every feed into a home of its own; its cache must hold what the feeds say."""
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        (home / "urls").write_text("".join(f"{site.url}atom.xml\n" for site, _ in sites))
        (home / "config").write_text("cleanup-on-quit no\n")
        run = subprocess.run(["newsboat", "-u", home / "urls", "-C", home / "config", "-c", home / "cache.db", "-x", "reload"],
                             env={"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}, capture_output=True, text=True, timeout=120)
        if run.returncode != 0:
            return [f"newsboat: exit {run.returncode}: {run.stdout} {run.stderr}"]
        cache = sqlite3.connect(home / "cache.db")
        wrong = []
        for site, entries in sites:
            title = cache.execute("select title from rss_feed where rssurl = ?", [site.url + "atom.xml"]).fetchone()
            rows = {row[0]: row[1:] for row in cache.execute("select guid, title, pubDate, content, url, enclosure_url, enclosure_type from rss_item where feedurl = ?", [site.url + "atom.xml"])}
            if entries and not (title and title[0]):
                wrong.append(f"{site.name}: it knows no feed of this address")
            if len(rows) != len(entries):
                wrong.append(f"{site.name}: {len(rows)} articles of {len(entries)}")
            for entry in entries:
                wrong += (f"{site.name}: {entry.findtext(ATOM + 'title')}: {line}" for line in compare_row(entry, rows.get(entry.findtext(ATOM + "id"))))
        cache.close()
    return [f"newsboat: {line}" for line in wrong]


def compare_row(entry, row):
    """One article of newsboat's cache against its entry."""
    if row is None:
        return ["not there"]
    title, date, content, url, enclosure, kind = row
    wrong = []
    if title != entry.findtext(ATOM + "title"):
        wrong.append(f"its title is {title!r}")
    if date != instant(entry.findtext(ATOM + "published")).timestamp() % 2**32:  # its time before 1970
        wrong.append(f"its date is {date}")
    if content.strip() != entry.findtext(ATOM + "content").strip():
        wrong.append("its content is not the feed's")
    if not urllib.parse.urlsplit(url).scheme:
        wrong.append(f"its address is {url!r}")
    audible = [(link.get("href"), link.get("type")) for link in entry.findall(ATOM + "link") if link.get("rel") == "enclosure" and AUDIBLE.match(link.get("type", ""))]
    if (audible and not any(enclosure.endswith(href) and kind == of for href, of in audible)) or (not audible and enclosure):
        wrong.append(f"its enclosure is {enclosure!r}, the feed's {audible}")
    return wrong
