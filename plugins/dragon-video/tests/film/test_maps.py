"""Maps from a real server of tiles on this machine; positions by the textbook formula of Web Mercator."""

import io
import math
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from dragon_video.film.errors import InvalidContentError, InvalidImageError
from dragon_video.film.fonts import Fonts
from dragon_video.film.maps import MapRequest, open_maps
from dragon_video.settings import VideoSettings

PARIS = (48.8566, 2.3522)


def colour(z, x, y):
    """Return the red, green and blue of a tile: each tile has its own."""
    return (x * 37 + 20) % 256, (y * 53 + 40) % 256, (z * 71 + 60) % 256


class Tiles(BaseHTTPRequestHandler):
    """Tiles of one colour at /KIND/z/x/y.png, with the upper left pixel white."""

    def do_GET(self):
        _, kind, z, x, y = self.path.removesuffix(".png").split("/")
        self.server.asked.append((kind, int(z), int(x), int(y)))
        tile = Image.new("RGB", (self.server.side, self.server.side), colour(int(z), int(x), int(y)))
        if kind == "map":
            tile.putpixel((0, 0), (255, 255, 255))
        file = io.BytesIO()
        tile.save(file, "PNG")
        body = file.getvalue() if kind != "broken" else b"<html>busy</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Tiles) as one:
        one.asked, one.side = [], 256
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        one.url = f"http://127.0.0.1:{one.server_port}"
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def fonts():
    return Fonts()


@pytest.fixture
def draw(server, fonts, tmp_path):
    """Return a function that draws a map of the server's tiles: RGB, as (height, width, 3)."""

    def fetch(url):
        path = tmp_path / str(len(server.asked))
        with urllib.request.urlopen(url, timeout=10) as answer:
            path.write_bytes(answer.read())
        return path

    def drawn(template="/map/{z}/{x}/{y}.png", attribution="", **values):
        settings = VideoSettings(map_tiles=template and server.url + template, map_attribution=attribution)
        frame = open_maps(settings).draw(MapRequest(**values), fetch, fonts)
        assert (frame[:, :, 3] == 255).all()
        return frame[:, :, 2::-1].astype(int)

    return drawn


def position(point, zoom):
    """Return x and y of a point on the world's map in pixels (Snyder 1987, equations 7-1 and 7-2, sphere)."""
    latitude, longitude = map(math.radians, point)
    world = 256 * 2**zoom
    radius = world / (2 * math.pi)
    x = radius * (longitude + math.pi)
    y = world / 2 - radius * math.log(math.tan(math.pi / 4 + latitude / 2))
    return x, y


@pytest.mark.parametrize(("zoom", "size"), [(3, (300, 200)), (11, (640, 640)), (18, (61, 257))])
def test_each_pixel_is_that_of_its_tile(draw, zoom, size):
    picture = draw(center="48.8566,2.3522", zoom=zoom, size=size)

    middle = position(PARIS, zoom)
    for column, row in [(0, 0), (size[0] - 1, 0), (size[0] // 2, size[1] // 2), (size[0] - 1, size[1] - 1), (7, 40)]:
        x, y = round(middle[0] - size[0] / 2) + column, round(middle[1] - size[1] / 2) + row
        expected = (255, 255, 255) if (x % 256, y % 256) == (0, 0) else colour(zoom, x // 256, y // 256)
        assert tuple(picture[row, column]) == expected


def test_each_tile_is_fetched_once_and_no_more_than_needed(draw, server):
    draw(center="48.8566,2.3522", zoom=11, size=(640, 480))

    assert len(set(server.asked)) == len(server.asked) <= 4 * 3


def test_the_world_goes_round_and_ends_at_the_poles(draw, server):
    """At zoom 1 the world is 512 wide: a map of 1024 shows it twice, with ground above and below."""
    picture = draw(center="0,180", zoom=1, size=(1024, 600))

    assert (picture[300, :512] == picture[300, 512:]).all()
    assert len(server.asked) == 4
    assert (picture[:44] == picture[0, 0]).all()
    assert (picture[44, 5] != picture[0, 0]).any()


def red(picture):
    return np.argwhere((picture[:, :, 0] > 200) & (picture[:, :, 1] < 90) & (picture[:, :, 2] < 90))


def test_markers_point_at_their_places(draw):
    """A pin's point is where the formula says: the lowest red pixel is just above, in the same column."""
    other = (48.86, 2.36)
    picture = draw(center="48.8566,2.3522", zoom=14, size=(400, 300), markers="48.86,2.36")

    middle, place = position(PARIS, 14), position(other, 14)
    x, y = place[0] - (round(middle[0] - 200)), place[1] - (round(middle[1] - 150))
    found = red(picture)
    assert found[:, 0].max() == pytest.approx(y, abs=4)
    assert found[:, 1].mean() == pytest.approx(x, abs=1)
    assert found[:, 0].min() > y - 32


def test_several_markers_are_separated_by_bars(draw):
    one = red(draw(center="0,0", zoom=2, markers="0,0"))
    three = red(draw(center="0,0", zoom=2, markers="0,0|20,20| -20,20"))

    assert len(three) == pytest.approx(3 * len(one), rel=0.1)


def test_the_attribution_is_written_into_the_corner(draw):
    plain = draw(center="0,0", zoom=2, size=(300, 200))
    signed = draw(center="0,0", zoom=2, size=(300, 200), attribution="© Makers of maps")

    changed = np.argwhere((plain != signed).any(axis=2))
    assert changed.min(axis=0)[0] > 170
    assert changed.min(axis=0)[1] > 150
    assert (signed[180:, 190:].max(axis=2) < 110).sum() > 50  # dark ink


def test_a_long_attribution_on_a_small_map_is_no_error(draw):
    assert draw(center="0,0", zoom=2, size=(3, 2), attribution="© Makers of maps " * 20).shape == (2, 3, 3)
    assert draw(center="0,0", zoom=2, size=(60, 50), attribution="© Makers of maps " * 20).shape == (50, 60, 3)


def test_the_kind_of_map_goes_into_the_url(draw, server):
    draw("/{maptype}/{z}/{x}/{y}.png", center="0,0", zoom=0, size=(9, 9), maptype="satellite")

    assert server.asked == [("satellite", 0, 0, 0)]


def test_tiles_for_fine_screens_are_reduced(draw, server):
    server.side = 512

    assert tuple(draw(center="10,10", zoom=0, size=(20, 20))[5, 5]) == colour(0, 0, 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"center": "Paris"}, "finds no addresses: give latitude and longitude"),
        ({"center": "0,0", "template": ""}, "operator sets DRAGON_VIDEO_MAP_TILES"),
        ({"center": "0,0", "template": "/map/{z}/{x}.png"}, r"DRAGON_VIDEO_MAP_TILES lacks \{y\}"),
        ({"center": "0,0", "maptype": "hybrid"}, "maps of the type 'map' alone"),
        ({"center": "95,0"}, "expected a latitude to 90"),
        ({"center": " "}, "no center"),
        ({"center": "0,0", "zoom": 23}, "zoom of a map is 23"),
        ({"center": "0,0", "size": (0, 5)}, "size of a map is 0x5"),
        ({"center": "0,0", "markers": "home"}, "markers are 'home'"),
        ({"center": "0,0", "maptype": "street"}, "maptype is 'street'"),
        ({"center": "0,0", "markers": "|".join(["1,1"] * 101)}, "101 markers"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_that_helps(draw, server, values, message):
    with pytest.raises(InvalidContentError, match=message):
        draw(**values)

    assert not server.asked


def test_a_tile_that_is_no_picture_is_an_error_with_its_url(draw):
    with pytest.raises(InvalidImageError, match=r"tile http://127.0.0.1:\d+/broken/0/0/0.png is no picture"):
        draw("/broken/{z}/{x}/{y}.png", center="0,0")


def test_a_driver_that_is_not_installed_is_an_error():
    with pytest.raises(InvalidContentError, match="draws maps by 'globe', which is not installed"):
        open_maps(VideoSettings(maps="globe"))
