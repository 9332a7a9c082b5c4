"""The part of the page that is heard: a picker of pieces, players, views that follow them, and a quiz."""
