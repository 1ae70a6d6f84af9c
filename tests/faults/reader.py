"""Reads a site while it is built, as a web server does, and remembers what no visitor should have seen.

It follows the links from the front page and from page to page, reads the feeds and fetches the attachments. A page must be
whole, a feed must parse, an attachment must be one that was finished; the front page, once there, is always there, and
what it links to is there as long as it links to it. Links of other pages may lead nowhere while a change is under way.
"""
import json, multiprocessing, os, random, re, signal, urllib.parse
import xml.etree.ElementTree as xml

from channel import is_whole

LINK = re.compile(rb'(?:href|src)="([^"#?]+)')


class Reader:
    """A process that reads until it is told to stop."""

    def __init__(self, site):
        self.enough, self.found = multiprocessing.Event(), multiprocessing.Queue()
        self.process = multiprocessing.Process(target=read, args=(str(site), self.enough, self.found), daemon=True)
        self.process.start()

    def stop(self):
        """How many files were read, and what was wrong."""
        self.enough.set()
        result = self.found.get(timeout=60)
        self.process.join()
        return result


def read(site, enough, found):
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    visit = Visit(site)
    while not enough.is_set() and len(visit.wrong) < 10:
        visit.once()
    found.put((visit.count, visit.wrong))


class Visit:
    def __init__(self, site):
        self.site, self.count, self.wrong, self.was_there, self.dice = site, 0, [], False, random.Random(7)

    def once(self):
        """The front page, everything that it links to, the feeds, and a walk from page to page."""
        front = self.get("index.html")
        if front is None:
            if self.was_there:
                self.wrong.append("index.html is missing")
            return
        self.was_there = True
        for target in self.links("index.html", front):
            if self.get(target) is None and self.get("index.html") == front and self.get(target) is None:
                self.wrong.append(f"index.html links to {target}, which is missing")
        for feed in ("atom.xml", "feed.json"):
            self.get(feed)
        page, content = "index.html", front
        for _ in range(40):
            targets = self.links(page, content)
            if not targets:
                return
            page = self.dice.choice(targets)
            content = self.get(page)
            if content is None or not page.endswith(".html"):
                page, content = "index.html", front

    def links(self, page, content):
        """The files of the site that a page links to."""
        targets = (urllib.parse.unquote(link.decode(errors="replace").replace("&amp;", "&")) for link in LINK.findall(content))
        local = (target for target in targets if "://" not in target and not target.startswith(("mailto:", "data:")))
        paths = (os.path.normpath(os.path.join(os.path.dirname(page), target)) for target in local)
        return sorted({path for path in paths if not path.startswith("..") and path != "."})

    def get(self, name):
        """A file's bytes, looked at; `None` if it is not there."""
        try:
            with open(os.path.join(self.site, name), "rb") as file:
                content = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.wrong.append(f"{name}: {error}")
            return None
        self.count += 1
        whole = is_whole(name, content)
        try:
            xml.fromstring(content) if name.endswith(".xml") else json.loads(content) if name.endswith(".json") else None
        except (ValueError, xml.ParseError) as error:
            whole = False
        if not whole:
            self.wrong.append(f"{name} is not whole: {len(content)} bytes that end with {content[-40:]!r}")
        return content
