"""Kubernetes objects as frozen records, a file a family; parsed from the API server's JSON, where dicts end."""
