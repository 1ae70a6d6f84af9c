#!/usr/bin/env python3
"""Serves a folder on the loopback, with the types that a web server should give: server.py FOLDER [PORT]

It prints its address and serves until its standard input ends; scripts in Python import `serving`.
"""
import contextlib, functools, http.server, sys, threading


class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        "atom.xml": "application/atom+xml", "feed.json": "application/feed+json",
        ".html": "text/html; charset=utf-8", ".css": "text/css", ".xml": "application/xml", ".svg": "image/svg+xml",
        ".mp3": "audio/mpeg", ".wav": "audio/wav", ".webp": "image/webp", ".txt": "text/plain; charset=utf-8",
    }

    def guess_type(self, path):
        return self.extensions_map.get(path.rsplit("/", 1)[-1]) or super().guess_type(path)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A browser that has seen enough of a file hangs up; that is no error."""


@contextlib.contextmanager
def serving(folder, port=0):
    """Serves `folder` while the block runs; gives the address, which ends in a slash."""
    handler = functools.partial(Handler, directory=str(folder))
    with Server(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


if __name__ == "__main__":
    with serving(sys.argv[1], int((sys.argv + ["0"])[2])) as address:
        print(address, flush=True)
        sys.stdin.read()
