"""Records become terminal text, JSON, JUnit and HTML. Nothing is computed here twice."""
