"""The part of the page that is heard: a picker of pieces, players, views that follow them, and a quiz."""

# What processes that make players and views import (`clstm.runtime.forking.server`).
IMPORTS = ("reports.listening.excerpts",)
