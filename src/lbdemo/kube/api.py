"""The API server, with all that can be asked of it."""

from __future__ import annotations

from lbdemo.kube.discovery import Discovers
from lbdemo.kube.passing import Passing
from lbdemo.kube.reads import Reads
from lbdemo.kube.rights import Rights
from lbdemo.kube.streams import Streams
from lbdemo.kube.writes import Writes


class Api(Reads, Writes, Streams, Rights, Discovers, Passing):
    """The API server, asked through one transport. Safe to use from several threads at once."""
