"""The processes and connections that serve both pages."""
