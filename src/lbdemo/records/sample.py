"""One RPC as the client saw it, a single call or a stream, and its line of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from json import JSONDecoder
from json.encoder import encode_basestring_ascii
from math import isfinite

VERSION = 1
OK = "OK"
DEADLINE = "DEADLINE_EXCEEDED"

_LARGEST = 1e15  # beyond any clock and any counter; it also turns away infinity


@dataclass(frozen=True, slots=True)
class Sample:
    """One RPC: when it was due and sent, how long until it was answered, and by whom.

    `due` and `sent` are seconds since the epoch; `latency` is in seconds and counts from `due`, so that
    a stall of the client or of the mesh is not hidden. `server` is the answering server by its own word,
    '' when none answered. `code` is the gRPC status name. `gate` marks a call that was sent while still
    looking for all servers: it is no part of the block that is judged. `connection` says which of the
    client's connections carried the call. `attempts` is how many gRPC made for it, as the answering server was told.
    A stream is one call: `latency` is that of its first answer, `code` how it ended (OK, when the client had heard
    enough), `answers` how many there were, `lasted` from when it was sent to its end, in seconds. Of a single call
    `answers` is None.
    """

    seq: int
    due: float
    sent: float
    latency: float
    server: str
    code: str
    gate: bool = False
    connection: int = 0
    attempts: int = 1
    answers: int | None = None
    lasted: float = 0.0

    @property
    def ok(self) -> bool:
        """True when the call was answered well."""
        return self.code == OK

    @property
    def unheard(self) -> bool:
        """True when nothing was answered before its deadline: its latency is a lower bound."""
        return self.code == DEADLINE and not self.answers


def encode(sample: Sample) -> str:
    """The sample as one compact JSON object without a newline; `decode` reads it.

    Times are rounded to a microsecond, the latency to a tenth of one. Raises ValueError for a time that is
    no finite number or a negative latency: such a line could not be read again.
    """
    due, sent, ms = sample.due, sample.sent, round(sample.latency * 1000, 4)
    if not (isfinite(due) and isfinite(sent) and 0 <= ms < _LARGEST and 0 <= sample.lasted < _LARGEST):
        raise ValueError(f"a sample's times must be finite and its latency not negative: {sample}")
    server, code = encode_basestring_ascii(sample.server), encode_basestring_ascii(sample.code)
    gate = ',"gate":true' if sample.gate else ""
    connection = f',"conn":{sample.connection}' if sample.connection else ""
    attempts = f',"attempts":{sample.attempts}' if sample.attempts != 1 else ""
    stream = (
        "" if sample.answers is None else f',"answers":{sample.answers},"lasted_ms":{round(sample.lasted * 1000, 3)!r}'
    )
    return (
        f'{{"v":{VERSION},"seq":{sample.seq},"due":{round(due, 6)!r},"sent":{round(sent, 6)!r},'
        f'"ms":{ms!r},"server":{server},"code":{code}{gate}{connection}{attempts}{stream}}}'
    )


def decode(line: str) -> Sample | None:
    """The sample that the line holds, or None for anything else; never raises.

    None also for other versions, wrong types, negative latencies and numbers that are not finite.
    Keys that version 1 does not know are ignored.
    """
    text = line.strip()
    if not text.startswith("{"):
        return None
    try:
        fields, end = _read(text)
        return _sample(fields) if end == len(text) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _sample(fields: dict[str, object]) -> Sample | None:
    version, seq = fields["v"], fields["seq"]
    due, sent, ms = fields["due"], fields["sent"], fields["ms"]
    server, code = fields["server"], fields["code"]
    gate, connection, attempts = fields.get("gate", False), fields.get("conn", 0), fields.get("attempts", 1)
    answers, lasted = fields.get("answers"), fields.get("lasted_ms", 0.0)
    # `type(x) is` and not isinstance: to Python, true is an integer.
    if (
        type(version) is int
        and version == VERSION
        and type(seq) is int
        and type(connection) is int
        and type(attempts) is int
        and type(gate) is bool
        and type(server) is str
        and type(code) is str
        and (type(due) is float or type(due) is int)
        and (type(sent) is float or type(sent) is int)
        and (type(ms) is float or type(ms) is int)
        and (answers is None or (type(answers) is int and 0 <= answers < _LARGEST))
        and (type(lasted) is float or type(lasted) is int)
        and 0 <= seq < _LARGEST
        and 0 <= connection < _LARGEST
        and 1 <= attempts < _LARGEST
        and -_LARGEST < due < _LARGEST
        and -_LARGEST < sent < _LARGEST
        and 0 <= ms < _LARGEST
        and 0 <= lasted < _LARGEST
        and code
        and (server.isascii() or is_text(server))
        and (code.isascii() or is_text(code))
    ):
        return Sample(
            seq, float(due), float(sent), ms / 1000, server, code, gate, connection, attempts, answers, lasted / 1000
        )
    return None


def is_text(name: str) -> bool:
    """False for half of a surrogate pair, which JSON can spell and no terminal or file can take."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON number")


_read = JSONDecoder(parse_constant=_refuse).raw_decode
