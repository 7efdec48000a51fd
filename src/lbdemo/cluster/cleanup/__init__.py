"""`clean`: what is ours, its removal, and the comparison with what was before."""
