"""A mail server of the drills' own, which takes mails, refuses them, hangs, or breaks off in the middle."""

import email
import socketserver
import threading
from collections import Counter
from contextlib import suppress

TAKES, REFUSES, HANGS, DROPS = "takes", "refuses", "hangs", "drops"


class PostOffice(socketserver.ThreadingTCPServer):
    """It behaves as `mood` says, which may change at any time; `received` counts Message-IDs."""

    daemon_threads = allow_reuse_address = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.mood = TAKES
        self.received, self.tries = Counter(), 0
        self.closing = threading.Event()

    @property
    def address(self):
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_failure):
        self.closing.set()
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.tries += 1
        mood = self.server.mood
        if mood == HANGS:
            self.server.closing.wait(600)
            return
        self._say("554 Go away" if mood == REFUSES else "220 ready")
        with suppress(OSError):
            for line in self.rfile:
                word = line.strip().upper()
                if word == b"QUIT":
                    break
                if word == b"DATA":
                    self._say("354 go on")
                    text = self._text()
                    if mood == DROPS:
                        return
                    self.server.received[email.message_from_bytes(text)["Message-ID"]] += 1
                self._say("250 ok")

    def _text(self):
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        return b"".join(lines)

    def _say(self, text):
        with suppress(OSError):
            self.wfile.write(f"{text}\r\n".encode())
