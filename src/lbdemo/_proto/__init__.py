"""Generated from protos/ by `nox -s protos`; never edited."""
