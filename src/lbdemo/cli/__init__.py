"""argv in, exit code out. The only room that prints or exits; one command a file."""
