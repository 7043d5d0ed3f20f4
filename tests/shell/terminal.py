"""A program on a terminal of its own: keys go in, what the screen got comes out."""

import os
import pty
import re
import select
import struct
import fcntl
import subprocess
import termios
import time

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[@-~]|\x1b[=>]|\r(?!\n)|\x07")


class Terminal:
    def __init__(self, command, environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.screen = ""  # all that was shown and not yet expected

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return
        try:
            data = os.read(self.master, 65536).decode(errors="replace")
        except OSError:  # the other side is gone
            data = ""
        if not data:
            raise EOFError
        self.screen = ESCAPES.sub("", self.screen + data)

    def expect(self, text, within=60):
        """What was shown up to `text` (a regular expression), which must come."""
        deadline = time.monotonic() + within
        while not (found := re.search(text, self.screen)):
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not come; there is {self.screen!r}")
            try:
                self._read(0.2)
            except EOFError:
                raise AssertionError(f"it ended before {text!r}; there is {self.screen!r}")
        before = self.screen[: found.start()]
        self.screen = self.screen[found.end() :]
        return before

    def type(self, keys):
        os.write(self.master, keys.encode())

    def run(self, line, prompt=r"sql> $"):
        """One line with Enter; what was shown between it and the next prompt."""
        self.type(line + "\r")
        self.expect(r"\n")  # Enter itself: before it the editor may draw its prompt again
        return self.expect(prompt)

    def end(self, within=20):
        """The exit code."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                self._read(0.2)
            except EOFError:
                break
        code = self.process.wait(max(1, deadline - time.monotonic()))
        os.close(self.master)
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
