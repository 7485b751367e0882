"""The index of all themes."""

from tools.simulator.theme import Theme
from tools.simulator.themes_indoors import COFFEE, COOKING, FILMS, MONEY, READING
from tools.simulator.themes_outdoors import CAMPING, CHILDREN, PETS, PHOTOS, RUNNING, TRAVEL

THEMES: tuple[Theme, ...] = (
    READING,
    RUNNING,
    COFFEE,
    CHILDREN,
    PHOTOS,
    CAMPING,
    MONEY,
    PETS,
    COOKING,
    FILMS,
    TRAVEL,
)
CHANNELS = {"hall": "茶馆大厅", "books": "读书角", "sports": "运动户外", "life": "柴米油盐"}
"""Names by id."""
