"""Ports of loopback for servers that must know theirs before they start."""

import fcntl
import pathlib
import random
import socket
import tempfile

# Below those that connections are given, of which one may be gone before a server starts: they
# begin at 32768 on Linux, at 16000 where gVisor stands in for its kernel.
PORTS = range(5_000, 16_000)
CLAIMS = pathlib.Path(tempfile.gettempdir()) / "kafka-spanner-test-ports"
claimed = []


def claim(port):
    """Nobody else's until this process ends: a server may take long to start, or start again."""
    CLAIMS.mkdir(mode=0o777, exist_ok=True)
    file = open(CLAIMS / str(port), "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        file.close()
        return False
    claimed.append(file)
    return True


def free_port():
    while True:
        port = random.SystemRandom().choice(PORTS)
        if claim(port):
            return port
