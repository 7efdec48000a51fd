"""What clients' logs say, as gRPC's libraries word it."""

from __future__ import annotations

import pytest

from lbdemo.diagnose.complaints import NAMELESS, complaints, meant
from lbdemo.diagnose.looks import Complaint

NAMES = ("payments", "10.96.3.7", "10.0.0.1")
TO = "Failed to create channel to 'dns:///payments:80':errors validating service config: [field:loadBalancingConfig "


def of(*lines: str) -> tuple[Complaint, ...]:
    return complaints("\n".join(lines).encode(), NAMES)


@pytest.mark.parametrize(
    "line",
    [
        f"{TO}error:No known policies in list: round_robbin]",
        "default service config is invalid: invalid loadBalancingConfig: no supported policies found in [round_robbin]",
        'the provided default service config is invalid: no supported policies found in config: [{"round_robbin":{}}]',
        "Status{code=UNKNOWN, description=None of [round_robbin] specified by Service Config are available.}",
    ],
    ids=["C core", "older Go", "Go", "Java"],
)  # fmt: skip
def test_a_policy_that_is_not_known_is_named(line: str) -> None:
    (said,) = of(line)

    assert said == Complaint("policy", 1, "round_robbin")
    assert meant(said) == "its gRPC knows no policy round_robbin, and makes no channel"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"{TO}error:is not a list]", "service config"),
        ("ipv4:10.96.3.7:81: Failed to connect to remote host: Connection refused", "refused"),
        ('dial tcp 10.96.3.7:81: connect: connection refused"', "refused"),
        ('desc = "transport: Error while dialing: dial tcp 10.96.3.7:81: connect: no route to host"', "refused"),
        ("lookup payments.shop on 10.96.0.10:53: no such host", "name"),
        ("ipv4:10.0.0.1:9090: Failed to connect to remote host: Timeout occurred: FD Shutdown", "late"),
        ("last error: UNKNOWN: ipv4:10.96.3.7:80: recvmsg:Connection reset by peer", "reset"),
        ("ipv4:10.96.3.7:80: Ssl handshake failed: SSL_ERROR_SSL: error:100000f7: WRONG_VERSION_NUMBER", "no TLS"),
        ("payments: handshake failed: tls: first record does not look like a TLS handshake", "no TLS"),
        ("payments: javax.net.ssl.SSLException: Unsupported or unrecognized SSL message", "no TLS"),
        ("payments: authentication handshake failed: x509: certificate is valid for pay, not payments", "certificate"),
        ("ipv4:10.96.3.7:80: SSL_ERROR_SSL: error:1000007d:SSL routines:CERTIFICATE_VERIFY_FAILED", "certificate"),
        ('payments: connection error: desc = "error reading server preface: EOF"', "reset"),
    ],
)
def test_where_calls_end_is_told(line: str, kind: str) -> None:
    assert [said.why for said in of(line)] == [kind]


def test_complaints_of_somewhere_else_are_none() -> None:
    assert of("dial tcp 10.96.9.9:5432: connect: connection refused", "payments were answered") == ()


def test_lines_that_name_nobody_count_where_it_is_known_of_whom_they_are() -> None:
    line = b'desc = "transport: authentication handshake failed: tls: first record does not look like a TLS handshake"'

    assert complaints(line, NAMES) == ()
    assert complaints(line, NAMES, NAMELESS) == (Complaint("no TLS", 1),)


def test_each_line_is_counted_once_and_the_most_frequent_is_told_first() -> None:
    late, refused = "10.96.3.7:80: i/o timeout", "10.96.3.7:80: connection refused, connection refused"

    assert of(late, refused, refused) == (Complaint("refused", 2), Complaint("late", 1))
