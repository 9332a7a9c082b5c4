"""The processes that serve both pages."""
