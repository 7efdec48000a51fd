"""How to get what the demonstration needs beside lbdemo itself."""

from __future__ import annotations

import shlex
import sys

INSTALL = f"`{shlex.quote(sys.executable)} -m pip install 'lbdemo[local]'`"
"""The command to paste, for this Python."""
