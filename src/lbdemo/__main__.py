"""`python -m lbdemo` is the same as `lbdemo`."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Runs the command; Ctrl-C while it is still being loaded ends it as quietly as later."""
    try:
        from lbdemo.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    finally:  # all is done: a Ctrl-C while Python takes itself down must not turn the exit code into a signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        exec("")  # CPython ends by the signal that once came within exec(text), as dataclasses use it; this forgets it


if __name__ == "__main__":
    main()
