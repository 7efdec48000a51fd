"""Names that stand for servers without one, and the lateness that is one."""

from __future__ import annotations

OTHER = "(other)"
UNNAMED = "(unnamed)"
LATE = 0.010
"""Seconds after which a call counts as sent late: more than a timer's rounding explains."""
