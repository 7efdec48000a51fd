"""What all rooms of the cluster stand on: steps, waiting, the lock, labels, one look at it."""
