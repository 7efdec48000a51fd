"""What runs in a pod to look at its sockets, and how its words are read.

A pod's containers share one network, so any container does. The best one has a Python, which asks the kernel for each
socket with its TCP_INFO (NETLINK_SOCK_DIAG, for which nobody needs a privilege); else one that has a shell or a `cat`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from lbdemo.diagnose.looks import Socket

STATES = ("", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
          "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV")  # fmt: skip
"""By the kernel's number of a socket's state (include/net/tcp_states.h)."""

# A line a socket: state, local and peer address with ports, uid, inode, then of TCP_INFO (include/uapi/linux/tcp.h:
# tcpi_data_segs_in at 152, _out at 156, tcpi_bytes_received at 128, tcpi_bytes_acked at 120).
PYTHON = """
import socket, struct, sys, time
told = [["sockets"]]
def ask(family):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as s:
        s.settimeout(2)
        s.send(struct.pack("=IHHII", 72, 20, 0x301, 1, 0) + struct.pack("=BBBBI", family, 6, 2, 0, 0xfff) + bytes(48))
        while True:
            data = s.recv(1 << 20)
            while data:
                size, kind = struct.unpack_from("=IH", data)
                if kind == 3: return
                if kind == 2: raise OSError("refused")
                tell(family, data[16:size])
                data = data[(size + 3) & ~3:]
def tell(family, m):
    sport, dport = struct.unpack_from("!HH", m, 4)
    wide = 16 if family == socket.AF_INET6 else 4
    ends = [socket.inet_ntop(family, m[at:at + wide]) for at in (8, 24)]
    uid, inode = struct.unpack_from("=II", m, 64)
    words, at = [m[1], ends[0], sport, ends[1], dport, uid, inode], 72
    while at + 4 <= len(m):
        size, kind = struct.unpack_from("=HH", m, at)
        if kind == 2 and size >= 164:
            words += struct.unpack_from("=II", m, at + 156) + struct.unpack_from("=QQ", m, at + 124)
        at += max(4, (size + 3) & ~3)
    told.append(words)
def look():
    del told[1:]
    try:
        for family in (socket.AF_INET, socket.AF_INET6): ask(family)
        for words in told: print("S", *words)
    except OSError:
        for name in ("tcp", "tcp6"):
            try: print(open("/proc/net/" + name).read())
            except OSError: pass
turns, pause = int(sys.argv[1]), float(sys.argv[2])
begun = time.monotonic()
for turn in range(turns):
    time.sleep(max(0, begun + turn * pause - time.monotonic()))
    print("@look"); look(); sys.stdout.flush()
"""
FILES = ("/proc/net/tcp", "/proc/net/tcp6")
SHELL = (
    'n=0; while [ "$n" -lt "$1" ]; do echo @look; cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; n=$((n+1)); '
    'if [ "$n" -lt "$1" ]; then sleep "$2" 2>/dev/null || sleep 1; fi; done'
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to look at a pod's sockets: the command for so many turns, so many seconds apart.

    `program` is what the container has to have; `repeated` says that the command makes one look only.
    """

    program: str
    repeated: bool = False

    def shows(self, lines: Iterable[str]) -> bool:
        """Whether a look has read anything: the kernel's table has a heading, and the script says that it was told.

        Without either nobody knows whether there are sockets.
        """
        return any(line.startswith("S ") or "local_address" in line for line in lines)

    def command(self, turns: int, pause: float) -> list[str]:
        """The words to run in the container."""
        if self.program == "python3":
            return ["python3", "-c", PYTHON, str(turns), f"{pause:.3f}"]
        if self.program == "sh":
            return ["sh", "-c", SHELL, "sh", str(turns), f"{pause:.3f}"]
        return ["cat", *FILES]


WAYS = (Way("python3"), Way("sh"), Way("cat", repeated=True))
"""The best first."""


def sockets(lines: Iterable[str]) -> tuple[Socket, ...]:
    """The sockets of one look. Lines that are no socket's are passed over: headings, and what programs say beside."""
    return tuple(found for found in map(_socket, lines) if found is not None)


def _socket(line: str) -> Socket | None:
    words = line.split()
    try:
        if words and words[0] == "S":
            return _of_diag(words[1:])
        if len(words) > 9 and words[0].endswith(":"):
            return _of_proc(words)
    except (ValueError, IndexError):
        return None
    return None


def _of_diag(words: list[str]) -> Socket:
    state, local, local_port, peer, peer_port, uid, inode, *info = words
    numbers: list[int | None] = [int(word) for word in info] if len(info) == 4 else [None] * 4
    segments_in, segments_out, bytes_out, bytes_in = numbers[0], numbers[1], numbers[2], numbers[3]
    return Socket(
        plain(local), int(local_port), plain(peer), int(peer_port), STATES[int(state)], int(inode), int(uid),
        segments_in, segments_out, bytes_in, bytes_out,
    )  # fmt: skip


def _of_proc(words: list[str]) -> Socket:
    (local, local_port), (peer, peer_port) = (_end(word) for word in words[1:3])
    return Socket(local, local_port, peer, peer_port, STATES[int(words[3], 16)], int(words[9]), int(words[7]))


def _end(word: str) -> tuple[str, int]:
    """An address and a port as /proc/net/tcp writes them: each 32 bits in the machine's own (little-endian) order."""
    address, port = word.split(":")
    raw = bytes.fromhex(address)
    parts = (raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return plain(str(ipaddress.ip_address(b"".join(parts)))), int(port, 16)


def plain(address: str) -> str:
    """An IPv4 address that a dual-stack socket maps into IPv6, as what it is; others as they are."""
    read = ipaddress.ip_address(address)
    mapped = read.ipv4_mapped if isinstance(read, ipaddress.IPv6Address) else None
    return str(mapped or read)
