"""What clients' logs say of calls that never left them: the words of gRPC's libraries, and what those mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from lbdemo.diagnose.looks import Complaint

POLICY, CONFIG, NAME, REFUSED, RESET, LATE = "policy", "service config", "name", "refused", "reset", "late"
NO_TLS, CERTIFICATE = "no TLS", "certificate"
AT_HOME = (POLICY, CONFIG)
"""Those for which a client does not even try to connect; of all others a line has to name the service, too."""
HANDSHAKE = (NO_TLS, CERTIFICATE)
"""Those of a client that speaks TLS, and is connected before it knows."""
ENDS = (*HANDSHAKE, RESET)
"""Those of who was connected."""
NAMELESS = (*AT_HOME, *ENDS)
"""Those that count in lines which name nobody, of who is known to mean this service."""

WORDS = {
    # gRPC's C core, Go (older and newer), Java: each names the policies that were asked for
    POLICY: (rb"no known policies in list: ([\w., -]{1,80})", rb"no supported policies found in \[([^\]\n]{1,80})\]",
             rb'no supported policies found in config: \[\{"([\w.-]{1,80})"',
             rb"none of \[([^\]\n]{1,80})\] specified by service config are available"),
    CONFIG: (rb"errors validating service config", rb"service config parsing error", rb"service config is invalid"),
    # what TLS makes of an answer that is none: OpenSSL and BoringSSL, Go, Java (JSSE, Netty), Node, .NET
    NO_TLS: (rb"wrong[_ ]version[_ ]number", rb"first record does not look like a tls handshake",
             rb"not an ssl/tls record", rb"unrecognized ssl message", rb"packet[_ ]length[_ ]too[_ ]long",
             rb"before secure tls connection", rb"cannot determine the frame size"),
    CERTIFICATE: (rb"certificate[_ ]verify[_ ]failed", rb"x509: ", rb"certificate[_ ]required", rb"bad[_ ]certificate",
                  rb"hostname verification check failed", rb"pkix path", rb"no subject alternative",
                  rb"certpathvalidator", rb"unable_to_(?:verify|get)", rb"self[- _]signed[_ ]cert", rb"err_tls_cert",
                  rb"remote certificate is"),
    NAME: (rb"domain name not found", rb"no such host", rb"unknownhostexception", rb"enotfound", rb"unable to resolve",
           rb"name or service not known", rb"errors resolving", rb"produced zero addresses"),
    REFUSED: (rb"connection refused", rb"econnrefused", rb"no route to host", rb"ehostunreach"),
    RESET: (rb"connection reset", rb"econnreset", rb"socket closed", rb"error reading server preface",
            rb"network closed for unknown reason", rb"connection dropped", rb"response ended prematurely"),
    LATE: (rb"connection timed out", rb"etimedout", rb"i/o timeout", rb"deadline[ _]?exceeded", rb"fd shutdown",
           rb"timeout occurred"),
}  # fmt: skip
MEANS = {
    POLICY: "its gRPC knows no policy {about}, and makes no channel",
    CONFIG: "its gRPC cannot read the service config, and makes no channel",
    NO_TLS: "it speaks TLS, and what answers there does not",
    CERTIFICATE: "no TLS comes about: one side does not take the other's certificate",
    NAME: "the name is not found",
    REFUSED: "connections are refused: nobody listens there",
    RESET: "connections are reset: who listens there speaks something else, or wants mutual TLS",
    LATE: "nobody answers in time",
}
_FOUND = {kind: re.compile(b"|".join(words), re.IGNORECASE) for kind, words in WORDS.items()}


def complaints(log: bytes, names: Collection[str], nameless: Collection[str] = AT_HOME) -> tuple[Complaint, ...]:
    """What the log complains of, the most frequent first; of lines that say it of somewhere else nothing.

    `names` are those of the service and its addresses; lines about what is `nameless` need not have one of them. Of a
    line nothing is kept but which complaint it is, and the names of policies.
    """
    ours = [name.encode() for name in names]
    found = Counter(each for line in log.splitlines() for each in _of_line(line, ours, nameless))
    return tuple(Complaint(kind, times, about) for (kind, about), times in found.most_common())


def _of_line(line: bytes, names: Collection[bytes], nameless: Collection[str]) -> Iterator[tuple[str, str]]:
    """The first complaint in the line: what is wrong at home comes before what follows from it."""
    for kind, pattern in _FOUND.items():
        match = pattern.search(line)
        if match is not None and (kind in nameless or any(name in line for name in names)):
            yield kind, next((each for each in match.groups() if each), b"").decode("ascii", "replace").strip()
            return


def meant(complaint: Complaint) -> str:
    """What it means, as a part of a sentence."""
    return MEANS[complaint.why].format(about=complaint.about)
