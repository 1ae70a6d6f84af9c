"""Makes channels and changes them, and compares what was built from them.

A channel is a conversation of many short messages, some with attachments. Every attachment ends with the sum of what is
before it, so that whoever reads one knows whether it is whole without knowing which version it is.
"""
import hashlib, os, pathlib, random, struct, time, zlib

PROFILE = 'id = "urn:uuid:5f3c1e6a-9b39-4a57-8d7a-0c7a3e6b1a%02d"\ntitle = "%s"\nauthor = "Azureen"\n'
SETTINGS = '[site]\nbase_url = "https://example.org/"\npage_size = %d\n'
LITTER = (".missive-stage", ".missive-tmp-", ".missive-new")


def attachment(dice, size):
    """Bytes that end with their own sum."""
    body = dice.randbytes(size)
    return body + hashlib.sha256(body).digest()


def picture(dice, width, height):
    """A small picture in one colour, whole if it ends as pictures of this kind do."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + dice.randbytes(3) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def is_whole(name, content):
    """Whether a file of a site is one that somebody finished writing."""
    if name.endswith(".html"):
        return content.startswith(b"<!doctype html>") and content.rstrip().endswith(b"</html>")
    if name.endswith(".bin"):
        return hashlib.sha256(content[:-32]).digest() == content[-32:]
    if name.endswith(".png"):
        return content.endswith(struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))
    return True


class Channel:
    """A folder of messages, and a die that decides what they say and how they change."""

    def __init__(self, folder, seed=1, messages=0):
        self.folder, self.dice = pathlib.Path(folder), random.Random(seed)
        self.stamps, self.last = [], 1_600_000_000
        self.outbox, self.inbox = self.folder / "outbox", self.folder / "inbox"
        self.inbox.mkdir(parents=True)
        self.outbox.mkdir()
        self.write(self.outbox / ".channel.toml", (PROFILE % (10, "Azureen & Brando")).encode())
        self.settings()
        for _ in range(messages):
            self.add()
        # What was written long ago needs no second look; what is written from here on does.
        for file in self.folder.rglob("*.*"):
            os.utime(file, (self.last, self.last))

    def write(self, path, content):
        """Writes as a sync tool does: beside its place, then there in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        arriving = path.with_name(f".syncthing.{path.name}.tmp")
        arriving.write_bytes(content)
        os.replace(arriving, path)

    def settings(self):
        self.write(self.folder / "missive.toml", (SETTINGS % self.dice.randint(3, 30)).encode())

    def text(self, box, stem):
        words = " ".join(self.dice.choices(["salt", "harbour", "letter", "*six*", "`rope`", "ferry", "[tide](#)"], k=self.dice.randint(3, 150)))
        title = f"# Title {self.dice.randint(0, 999)}\n\n" if self.dice.random() < 0.4 else ""
        self.write(box / f"{stem}.txt", f"{title}{words} #tag{self.dice.randint(0, 20)}\n".encode())

    def attach(self, box, stem):
        small = self.dice.random() < 0.9
        self.write(box / stem / f"{self.dice.randint(0, 2)}.bin", attachment(self.dice, self.dice.randint(0, 9_000 if small else 300_000)))
        if self.dice.random() < 0.3:
            self.write(box / stem / "folder" / "slope.png", picture(self.dice, self.dice.randint(1, 400), self.dice.randint(1, 300)))

    def add(self):
        self.last += self.dice.randint(1, 300_000)
        box, stem = self.dice.choice((self.inbox, self.outbox)), time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(self.last))
        self.stamps.append((box, stem))
        if self.dice.random() < 0.3:
            self.attach(box, stem)
        self.text(box, stem)
        return f"{box.name}/{stem}.txt is new"

    def remove(self):
        box, stem = self.stamps.pop(self.dice.randrange(len(self.stamps)))
        (box / f"{stem}.txt").unlink()
        for path in sorted((box / stem).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        if (box / stem).exists():
            (box / stem).rmdir()
        return f"{box.name}/{stem} is gone"

    def edit(self):
        """One change of any kind; says which."""
        box, stem = self.dice.choice(self.stamps)
        kind = self.dice.random()
        if kind < 0.3:
            return self.add()
        if kind < 0.6:
            self.text(box, stem)
            return f"{box.name}/{stem}.txt is another"
        if kind < 0.75:
            return self.remove()
        if kind < 0.9:
            self.attach(box, stem)
            return f"{box.name}/{stem}/ changed"
        self.settings()
        return "the settings changed"

    def edits(self):
        return [self.edit() for _ in range(self.dice.randint(1, 5))]


def files(folder, hidden=True):
    """Every file below a folder with its bytes; without the hidden ones it is what a reader of the site sees."""
    found = {}
    for path in pathlib.Path(folder).rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_dir():
            if hidden or not any(part.startswith(".") for part in name.split("/")):
                found[name] = path.read_bytes()
    return found


def difference(these, those):
    """In which files two sites differ, in words; empty if they don't."""
    names = sorted(name for name in these.keys() | those.keys() if these.get(name) != those.get(name))
    which = lambda name: "missing" if name not in these else "too much" if name not in those else "another"
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(f"{name} is {which(name)}" for name in names[:4]) + more


def litter(*folders):
    """What a build should have taken away, and did not."""
    return [str(path) for folder in folders for path in pathlib.Path(folder).rglob("*") if any(name in path.name for name in LITTER)]
