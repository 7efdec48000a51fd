"""`logs`: all pods of a release, live."""
