from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class EchoRequest(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class EchoResponse(_message.Message):
    __slots__ = ("message", "serverID")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SERVERID_FIELD_NUMBER: _ClassVar[int]
    message: str
    serverID: str
    def __init__(self, message: _Optional[str] = ..., serverID: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("message", "interval_ms")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    message: str
    interval_ms: int
    def __init__(self, message: _Optional[str] = ..., interval_ms: _Optional[int] = ...) -> None: ...

class StatsRequest(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: str
    def __init__(self, run: _Optional[str] = ...) -> None: ...

class StatsResponse(_message.Message):
    __slots__ = ("serverID", "answered", "failed", "started", "received", "retries", "streams", "streams_open", "stream_answers")
    SERVERID_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    STREAMS_OPEN_FIELD_NUMBER: _ClassVar[int]
    STREAM_ANSWERS_FIELD_NUMBER: _ClassVar[int]
    serverID: str
    answered: int
    failed: int
    started: float
    received: int
    retries: int
    streams: int
    streams_open: int
    stream_answers: int
    def __init__(self, serverID: _Optional[str] = ..., answered: _Optional[int] = ..., failed: _Optional[int] = ..., started: _Optional[float] = ..., received: _Optional[int] = ..., retries: _Optional[int] = ..., streams: _Optional[int] = ..., streams_open: _Optional[int] = ..., stream_answers: _Optional[int] = ...) -> None: ...

class Fault(_message.Message):
    __slots__ = ("delay_ms", "unavailable_ratio", "crash")
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_RATIO_FIELD_NUMBER: _ClassVar[int]
    CRASH_FIELD_NUMBER: _ClassVar[int]
    delay_ms: int
    unavailable_ratio: float
    crash: bool
    def __init__(self, delay_ms: _Optional[int] = ..., unavailable_ratio: _Optional[float] = ..., crash: bool = ...) -> None: ...
