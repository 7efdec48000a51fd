"""HOW to call helm, kubectl and Docker: a verb becomes an argv. No policy, no printing."""
