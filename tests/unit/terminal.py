"""A user at a terminal: reads what a program prints, types answers, presses Ctrl-C."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

PATIENCE = 60


class Terminal:
    """A program that was started in a terminal of its own."""

    def __init__(self, command, folder, **environment):
        self.master, slave = pty.openpty()
        self.seen = ""
        self.at = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C is a signal
            env=os.environ | {"TERM": "dumb", "COLUMNS": "120", "PYTHONUTF8": "1"} | environment,
        )
        os.close(slave)

    def _read(self):
        """Take what was printed; return False when the program has ended."""
        try:
            data = os.read(self.master, 4096)
        except OSError:  # Linux: nobody holds the other end any more
            return False
        self.seen += self.decoder.decode(data).replace("\r\n", "\n")
        return bool(data)

    def expect(self, pattern):
        """Read until `pattern` appears after what was matched before; return the match."""
        end = time.monotonic() + PATIENCE
        while not (found := re.compile(pattern).search(self.seen, self.at)):
            assert time.monotonic() < end, f"no {pattern!r} in:\n{self.seen[self.at :]}"
            if select.select([self.master], [], [], 1)[0] and not self._read():
                pytest.fail(f"ended before {pattern!r}:\n{self.seen}")
        self.at = found.end()
        return found

    def press(self, keys):
        """Type text or bytes."""
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def say(self, pattern, text=""):
        """Wait for a question and answer it."""
        self.expect(pattern)
        self.press(f"{text}\n")

    def insist(self, text, until):
        """Answer again and again until `until` appears: what is typed before a program listens may be thrown away."""
        end = time.monotonic() + PATIENCE
        while not re.compile(until).search(self.seen, self.at):
            assert time.monotonic() < end, f"no {until!r} in:\n{self.seen[self.at :]}"
            self.press(f"{text}\n")
            while select.select([self.master], [], [], 0.5)[0] and self._read():
                pass

    def end(self, *, interrupt=False):
        """Read to the end, after Ctrl-C if asked to; return the exit status."""
        if interrupt:
            time.sleep(0.3)  # as quick as people are: between the prompt and the reading only the next key is seen
            self.press("\x03")
        while select.select([self.master], [], [], PATIENCE)[0] and self._read():
            pass
        status = self.process.wait(timeout=PATIENCE)
        os.close(self.master)
        return status
