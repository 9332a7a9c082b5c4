"""One colour per system, the same in every figure and on the page, distinct for colour-blind readers too.

The systems take the qualitative palettes of Okabe & Ito (2008) and Paul Tol ("muted"), without the shades too pale on
white; the reference is ink and its controls grey, so that the eye finds them first.
"""

INK = "#1f2430"
MUTED = "#5b6270"  # axes and notes: 6:1 on white
GRID = "#dfe2e8"
REFERENCE = "#343a48"
CONTROLS = ("#868d9b", "#a9afba", "#6a7180")
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
SHADES = ((0, 0.0), (0, 0.45), (255, 0.45))  # black or white, and how much of it


def system_colour(number: int) -> str:
    """The colour of the system with this number, from 0; after the last they come again darker, then paler, then again.

    >>> system_colour(0), system_colour(10), system_colour(20)
    ('#0072b2', '#003f62', '#73b1d5')
    """
    base = SYSTEMS[number % len(SYSTEMS)]
    paint, share = SHADES[number // len(SYSTEMS) % len(SHADES)]
    mixed = (round((1 - share) * int(base[place : place + 2], 16) + share * paint) for place in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in mixed)
