"""`ui`: the way to the page in the cluster, and the process on this machine that stands before it."""
