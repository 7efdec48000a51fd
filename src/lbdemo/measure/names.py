"""Names that stand for servers without one."""

from __future__ import annotations

OTHER = "(other)"
UNNAMED = "(unnamed)"
NAMELESS = (OTHER, UNNAMED)
