"""What clients' logs say of calls that never left them: the words of gRPC's libraries, and what those mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from lbdemo.diagnose.looks import Complaint

POLICY, CONFIG, NAME, REFUSED, RESET, LATE = "policy", "service config", "name", "refused", "reset", "late"
AT_HOME = (POLICY, CONFIG)
"""Those for which a client does not even try to connect; of all others a line has to name the service, too."""

WORDS = {
    # gRPC's C core, Go, Java: each names the policies that were asked for
    POLICY: (rb"No known policies in list: ([\w., -]{1,80})", rb"no supported policies found in \[([^\]\n]{1,80})\]",
             rb"None of \[([^\]\n]{1,80})\] specified by Service Config are available"),
    CONFIG: (rb"errors validating service config", rb"[Ss]ervice config parsing error", rb"service config is invalid"),
    NAME: (rb"Domain name not found", rb"no such host", rb"UnknownHostException", rb"ENOTFOUND", rb"Unable to resolve",
           rb"Name or service not known", rb"errors resolving", rb"produced zero addresses"),
    REFUSED: (rb"[Cc]onnection refused", rb"ECONNREFUSED", rb"No route to host", rb"EHOSTUNREACH"),
    RESET: (rb"[Cc]onnection reset", rb"ECONNRESET", rb"[Ss]ocket closed", rb"error reading server preface"),
    LATE: (rb"[Cc]onnection timed out", rb"ETIMEDOUT", rb"i/o timeout", rb"[Dd]eadline ?[Ee]xceeded",
           rb"DEADLINE_EXCEEDED", rb"FD Shutdown", rb"[Tt]imeout occurred"),
}  # fmt: skip
MEANS = {
    POLICY: "its gRPC knows no policy {about}, and makes no channel",
    CONFIG: "its gRPC cannot read the service config, and makes no channel",
    NAME: "the name is not found",
    REFUSED: "connections are refused: nobody listens there",
    RESET: "connections are reset: who listens there speaks something else, or wants mutual TLS",
    LATE: "nobody answers in time",
}
_FOUND = {kind: re.compile(b"|".join(words)) for kind, words in WORDS.items()}


def complaints(log: bytes, names: Collection[str]) -> tuple[Complaint, ...]:
    """What the log complains of, the most frequent first; of lines that say it of somewhere else nothing.

    `names` are those of the service and its addresses. Of a line nothing is kept but which complaint it is, and the
    names of policies.
    """
    found = Counter(each for line in log.splitlines() for each in _of_line(line, [name.encode() for name in names]))
    return tuple(Complaint(kind, times, about) for (kind, about), times in found.most_common())


def _of_line(line: bytes, names: Collection[bytes]) -> Iterator[tuple[str, str]]:
    """The first complaint in the line: what is wrong at home comes before what follows from it."""
    for kind, pattern in _FOUND.items():
        match = pattern.search(line)
        if match is not None and (kind in AT_HOME or any(name in line for name in names)):
            yield kind, next((each for each in match.groups() if each), b"").decode("ascii", "replace").strip()
            return


def meant(complaint: Complaint) -> str:
    """What it means, as a part of a sentence."""
    return MEANS[complaint.kind].format(about=complaint.about)
