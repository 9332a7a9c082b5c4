"""What a report shows: the figures, with their captions."""

# What processes that draw import (`clstm.runtime.forking.server`).
IMPORTS = (
    "reports.figures.drawing",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf",
    "matplotlib.backends.backend_svg",
    "PIL.PngImagePlugin",
    "fontTools.subset",
)
