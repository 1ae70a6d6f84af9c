"""Runs missive for the scripts here: builds, clean builds to compare with, and watches.

Everything of a script lies in one temporary folder: its channels, its sites, its card cache and its home.
"""
import contextlib, os, pathlib, shutil, signal, subprocess, sys, tempfile, threading, time

from channel import difference, files, litter

NICE = 5
# Said of every conversation, and the channels here are some.
NOTE = "note: this site contains other people's messages"


class Wrong(Exception):
    """What was found to be wrong, in words."""


class Missive:
    """The program, with a home, a cache and a user of its own."""

    def __init__(self, program, folder, user=None):
        self.program, self.folder, self.user, self.clean_builds = str(program), pathlib.Path(folder), user, 0
        self.cache = self.folder / "cache"

    def options(self, cache=None, **more):
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "XDG_CACHE_HOME": str(cache or self.cache), "RUST_BACKTRACE": "1"}
        other = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        return {"env": own, "cwd": self.folder, "stdin": subprocess.DEVNULL, **other, **more}

    def start(self, *arguments, before=(), **more):
        nice = ["nice", f"-n{NICE}"]
        return subprocess.Popen([*before, *nice, self.program, *map(str, arguments)], **self.options(**more))

    def run(self, *arguments, before=(), cache=None):
        """Runs to the end: exit code, standard output, standard error."""
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with self.start(*arguments, before=before, cache=cache, **streams) as run:
            out, error = run.communicate(timeout=120)
        return run.returncode, out, "".join(line for line in error.splitlines(True) if not line.startswith(NOTE))

    def build(self, channel, output, *options, **more):
        """A build that must succeed; gives what it said beside its result."""
        code, _, error = self.run("build", channel, "-o", output, *options, **more)
        expect(code == 0, f"a build ended with {code}: {error.strip()}")
        return error

    def refuses(self, channel, output, *words, **more):
        """A build that must fail, with these words in what it says."""
        code, _, error = self.run("build", channel, "-o", output, **more)
        expect(code == 1, f"a build ended with {code} and not with 1: {error.strip()}")
        for word in words:
            expect(str(word) in error, f"`{word}` is not in the error: {error.strip()}")

    def clean(self, channel):
        """The site as it is when built into no folder with no cache."""
        self.clean_builds += 1
        # The folder's name is of the same length as others here and says nothing in the site.
        place = self.folder / f"clean-{self.clean_builds}"
        place.mkdir(mode=0o777)
        place.chmod(0o777)
        self.build(channel, place / "site", cache=place / "cache")
        site = files(place / "site")
        shutil.rmtree(place)
        return site

    def is_clean(self, channel, output, when):
        expect_same(files(output), self.clean(channel), when)

    @property
    def has_watch(self):
        return self.run("watch", "--help")[0] == 0


class Watch:
    """A running watch, and what it has said so far."""

    def __init__(self, missive, channel, output, *options):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.run = missive.start("watch", channel, "-o", output, *options, **streams)
        self.lines, self.errors = [], []
        self.threads = [threading.Thread(target=self.listen, args=pair, daemon=True) for pair in ((self.run.stdout, self.lines), (self.run.stderr, self.errors))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def listen(stream, lines):
        lines.extend(iter(stream.readline, ""))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.run.poll() is None:
            self.run.kill()
        self.ended()

    def ended(self):
        self.run.wait()
        for thread in self.threads:
            thread.join()
        self.run.stdout.close()
        self.run.stderr.close()

    def until(self, what, true, seconds=20):
        """Waits until something is true of the site or of what was said; a watch that ends meanwhile is wrong."""
        end = time.monotonic() + seconds
        while not true():
            expect(self.run.poll() is None, f"the watch ended by itself with {self.run.returncode}, {what}: {self.said()}")
            expect(time.monotonic() < end, f"not within {seconds} s: {what}; it said {self.said()}")
            time.sleep(0.02)

    def said(self):
        return repr("".join(self.lines[-4:] + self.errors[-4:]))

    def first(self):
        self.until("a line after the first build", lambda: self.lines)

    def complains(self, word, change):
        """Does something that must lead to an error that has this word."""
        count = len(self.errors)
        change()
        self.until(f"an error with `{word}`", lambda: word in "".join(self.errors[count:]))

    def becomes(self, site, output, when):
        """Waits until the output is this site; files may vanish while they are compared."""
        last = []

        def same():
            try:
                last[:] = [difference(files(output), site)]
            except OSError as error:
                last[:] = [str(error)]
            return not last[0]

        try:
            self.until("the site follows", same)
        except Wrong as wrong:
            raise Wrong(f"{when}: {wrong}; {last[0]}") from None

    def stop(self, signal_number=signal.SIGTERM):
        self.run.send_signal(signal_number)
        try:
            self.run.wait(timeout=20)
        except subprocess.TimeoutExpired:
            raise Wrong(f"the watch does not stop on {signal.Signals(signal_number).name}") from None
        self.ended()
        expect(self.run.returncode == 0, f"stopped by {signal.Signals(signal_number).name} the watch ended with {self.run.returncode}: {self.said()}")


def expect(true, otherwise):
    if not true:
        raise Wrong(otherwise)


def expect_same(these, those, when):
    differing = difference(these, those)
    expect(not differing, f"{when}: {differing}")


def expect_no_litter(*folders):
    left = litter(*folders)
    expect(not left, f"left behind: {', '.join(left[:5])}")


@contextlib.contextmanager
def own_folder():
    """A temporary folder that every user may enter, with a copy of the program that no rebuild changes.

    In memory, where there is such a place and $TMPDIR names no other: most of the time here goes into writing sites.
    """
    memory = "/dev/shm"
    fit = "TMPDIR" not in os.environ and os.access(memory, os.W_OK) and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    with tempfile.TemporaryDirectory(prefix="missive-faults-", dir=memory if fit else None) as folder:
        folder = pathlib.Path(folder).resolve()
        folder.chmod(0o755)
        shutil.copy2(sys.argv[1], folder / "missive")
        (folder / "missive").chmod(0o755)
        yield folder


def skip(why):
    """What can't be had is skipped, said aloud; with CI set it is a failure."""
    print(f"{'failed' if os.environ.get('CI') else 'skipped'}: {why}")
    return 1 if os.environ.get("CI") else 0


def report(show, scene, *parts):
    """Runs the parts, each of which shows one thing and gives a figure or nothing; gives the exit code.

    After one that went wrong the scene is made afresh, so that the next is not blamed for it.
    """
    start, wrong, said = time.monotonic(), 0, []
    for part in parts:
        try:
            said.append(part(scene))
        except Wrong as error:
            wrong += 1
            print(f"{show}: {part.__name__.replace('_', ' ')}: {error}", flush=True)
            scene.afresh()
    figures = ", ".join(str(figure) for figure in said if figure)
    print(f"{show}: {len(parts) - wrong} of {len(parts)} parts well{f' ({figures})' if figures else ''}, {time.monotonic() - start:.1f} s", flush=True)
    return int(wrong > 0)
