"""Measuring on the cluster: `verify`, `compare`, load, drills, costs."""
