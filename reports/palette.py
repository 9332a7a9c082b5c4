"""One colour a system, the same in every figure and on the page, told apart by colour-blind eyes too.

The systems take the qualitative palettes of Okabe & Ito (2008) and Paul Tol ("muted"), without the shades too pale on
white; the reference is ink and its control grey, so that the eye finds them first.
"""

INK = "#1f2430"
MUTED = "#5b6270"  # axes and notes: 6:1 on white
GRID = "#dfe2e8"
REFERENCE = "#343a48"
CONTROL = "#868d9b"
SYSTEMS = (
    "#0072b2",  # blue
    "#d55e00",  # vermilion
    "#009e73",  # green
    "#cc79a7",  # rose
    "#b8860b",  # ochre
    "#56b4e9",  # sky
    "#332288",  # indigo
    "#882255",  # wine
    "#44aa99",  # teal
    "#999933",  # olive
)


def system_colour(number: int) -> str:
    """The colour of the system with this number, from 0; after the last colour they begin again."""
    return SYSTEMS[number % len(SYSTEMS)]
