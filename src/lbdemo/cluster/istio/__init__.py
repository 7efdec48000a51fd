"""Istio as it is found, and its installation where there is none."""
