"""How what is heard is balanced over listeners: shuffles and squares, and the screens of a block of tasks."""
