"""Asking the cluster, one source a file. Nothing is changed there, unless a person asked for it."""
