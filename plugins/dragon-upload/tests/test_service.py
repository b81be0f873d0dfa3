"""The tasks through the HTTP API of a whole service: what v1 clients see, and what nobody must."""

import base64
import json
import time
from urllib.parse import quote

import pytest
from upload_fakes.server import Fault

from dragon_framework.keys import new_key


def vimeo(api):
    fake = api.providers.vimeo
    return {
        "title": "A title",
        "consumer_key": fake.pair[0],
        "consumer_secret": fake.pair[1],
        "access_token_key": fake.old[0],
        "access_token_secret": fake.old[1],
    }


def youtube(api):
    fake = api.providers.youtube
    return {"title": "A title", "access_token": fake.token, "developer_key": fake.key}


def facebook(api):
    fake = api.providers.facebook
    return {"title": "A title", "api_key": fake.app, "app_secret": fake.secret, "access_token": fake.user_token}


PARAMETERS = {"video.upload.fb": facebook, "video.upload.vimeo": vimeo, "video.upload.youtube": youtube}
FAKES = {"video.upload.fb": "facebook", "video.upload.vimeo": "vimeo", "video.upload.youtube": "youtube"}
WRONG = {
    "video.upload.fb": {"access_token": "expired-token-canary"},
    "video.upload.vimeo": {"access_token_secret": "expired-token-canary"},
    "video.upload.youtube": {"access_token": "expired-token-canary"},
}
TASKS = sorted(PARAMETERS)

pytestmark = pytest.mark.xdist_group("upload_service")


@pytest.mark.parametrize("name", TASKS)
def test_a_film_is_published_once_and_byte_for_byte(api, serve_file, film, name):
    fake = getattr(api.providers, FAKES[name])
    before = len(fake.published)

    status = api.create(name, url=serve_file(film), **PARAMETERS[name](api))

    assert status["status"] == "success", status
    assert len(fake.published) == before + 1
    assert bytes(fake.published[-1]["data"]) == film.read_bytes()
    assert status["result"]["output"].startswith("https://")
    assert status["result"]["duration"] == 2.0
    assert status["result"]["warnings"] == []
    if name == "video.upload.vimeo":
        assert status["result"]["uploaded_file_size"] == film.stat().st_size
        assert status["result"]["free_space"] == 5_000_000_000


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("video.upload.youtube", {"title": "x" * 101}, "title"),
        ("video.upload.youtube", {"access_token": "expired-token-canary"}, "access_token"),
        ("video.upload.youtube", {"developer_key": "wrong-key-canary"}, "developer_key"),
        ("video.upload.vimeo", {"access_token_key": "expired-token-canary", "consumer_key": ""}, "access_token_key"),
        ("video.upload.vimeo", {"title": "x" * 129}, "title"),
        ("video.upload.fb", {"access_token": "expired-token-canary"}, "access_token"),
        ("video.upload.fb", {"app_secret": "wrong-key-canary"}, "app_secret"),
    ],
)
def test_what_is_wrong_comes_back_at_its_parameter(api, serve_file, film, name, changes, field):
    status = api.create(name, url=serve_file(film), **(PARAMETERS[name](api) | changes))

    assert status["status"] == "error"
    assert status["result"]["parameters"].keys() == {field}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize(("content", "words"), [(b"", "it is empty"), (b"no film", "not a video file")])
def test_a_source_that_is_no_film_is_refused_before_anything_is_sent(api, serve_file, tmp_path, name, content, words):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    before = len(api.providers.server.log)

    status = api.create(name, url=serve_file(path), **PARAMETERS[name](api))

    assert status["error"]["code"] == "unreadable_source"
    assert words in status["result"]
    assert len(api.providers.server.log) == before


def canaries(api):
    """Every value that nobody may see, what the providers gave among them."""
    fakes = api.providers
    values = [fakes.youtube.token, fakes.youtube.key, *fakes.vimeo.pair, *fakes.vimeo.old]
    values += [fakes.facebook.page_token, fakes.facebook.user_token, fakes.facebook.secret]
    values += [fakes.vimeo.converted_token, "upload-id-canary", "expired-token-canary", "wrong-key-canary", "/tus/7"]
    return values


def forms(value):
    raw = value.encode()
    yield value
    yield quote(value, safe="")
    yield json.dumps(value)[1:-1]
    for begin in range(3):
        text = base64.b64encode(bytes(begin) + raw).decode()
        yield text[4 if begin else 0 : len(text) - 4]


def all_of_redis(redis):
    found = []
    for key in redis.scan_iter():
        kind = redis.type(key)
        readers = {
            b"string": redis.get,
            b"hash": redis.hgetall,
            b"set": redis.smembers,
            b"list": lambda name: redis.lrange(name, 0, -1),
            b"zset": lambda name: redis.zrange(name, 0, -1, withscores=True),
            b"stream": redis.xrange,
            b"none": lambda _: "it has ended meanwhile",
        }
        found.append((key, readers[kind](key)))
    return repr(found)


MOMENTS = {
    "video.upload.youtube": {
        "at the fetch": ("source.get", 0, "hold"),
        "after the start": ("youtube.start", 0, "call"),
        "before the first byte": ("youtube.put", 0, "hold"),
        "mid send": ("youtube.put", 1, "hold"),
        "after the last byte": ("youtube.put", -1, "call"),
        "while it is confirmed": ("youtube.playlist", 0, "call"),
    },
    "video.upload.vimeo": {
        "after the start": ("vimeo.start", 0, "call"),
        "mid send": ("vimeo.patch", 1, "hold"),
        "after the last byte": ("vimeo.patch", -1, "call"),
        "while it is confirmed": ("vimeo.video", 0, "call"),
    },
    "video.upload.fb": {
        "after the start": ("facebook.start", 0, "call"),
        "mid send": ("facebook.transfer", 1, "hold"),
        "after the last byte": ("facebook.transfer", -1, "call"),
        "after finish": ("facebook.finish", 0, "call"),
        "while it is confirmed": ("facebook.video", 0, "call"),
    },
}


def pieces(film):
    """How many requests the film takes: pieces of a million bytes at Vimeo and Facebook, of 2^20 at YouTube."""
    size = film.stat().st_size
    return {"youtube": -(-size // 2**20), "vimeo": -(-size // 1_000_000), "facebook": -(-size // 1_000_000)}


def killed(api, film, name, operation, number, kind):
    """Create a task whose worker is killed at that request of that operation; return its final status."""
    if number < 0:
        number += pieces(film)[operation.partition(".")[0]]
    api.providers.source.data = film.read_bytes()
    api.providers.faults[operation] = [None] * number + [Fault(kind, api.kill_worker)]
    more = {"playlist_id": "PL0123"} if name == "video.upload.youtube" else {}
    url = f"{api.providers.server.url}/source/{new_key()}.mp4"
    key = api.create(name, block=False, url=url, **PARAMETERS[name](api), **more)["key"]
    return api.status(key, block=True, details=True)


@pytest.mark.parametrize(("name", "moment"), [(name, moment) for name, some in MOMENTS.items() for moment in some])
def test_a_worker_that_is_killed_leaves_a_task_that_publishes_once(api, film, name, moment):
    fake = getattr(api.providers, FAKES[name])
    before, listed = len(fake.published), len(api.providers.youtube.playlist)

    status = killed(api, film, name, *MOMENTS[name][moment])

    assert status["status"] == "success", status
    assert [one["outcome"] for one in status["details"]["deliveries"]] == ["worker_lost", "success"]
    assert len(fake.published) == before + 1
    assert bytes(fake.published[-1]["data"]) == film.read_bytes()
    assert status["result"]["duration"] == 2.0
    if (name, moment) == ("video.upload.youtube", "while it is confirmed"):
        (warning,) = status["result"]["warnings"]
        assert warning.startswith("playlist_id: the worker died meanwhile")
    else:
        assert status["result"]["warnings"] == []
    assert len(api.providers.youtube.playlist) == listed + (name == "video.upload.youtube")
    assert not api.redis.exists(f"dragon:v:{status['key']}")


def cancelled(api, serve_file, film, name, operation):
    """Cancel a task while it sends; return its final status, and how long that took."""
    key, times = [], []

    def cancel():
        api.wait_until(lambda: key)
        times.append(time.monotonic())
        api.ask("/v1/cancel", tasks=[key[0]])

    api.providers.faults[operation] = [None, Fault("hold", cancel)]
    key.append(api.create(name, block=False, url=serve_file(film), **PARAMETERS[name](api))["key"])
    return api.status(key[0], block=True)


@pytest.mark.parametrize(
    ("name", "operation", "gone"),
    [
        ("video.upload.youtube", "youtube.put", lambda fake: fake.cancelled),
        ("video.upload.vimeo", "vimeo.patch", lambda fake: fake.deleted),
        ("video.upload.fb", "facebook.transfer", lambda fake: fake.cancelled),
    ],
)
def test_a_cancelled_upload_is_taken_back_where_it_was(api, serve_file, film, name, operation, gone):
    fake = getattr(api.providers, FAKES[name])
    before, taken_back = len(fake.published), len(gone(fake))

    status = cancelled(api, serve_file, film, name, operation)

    assert status["error"]["code"] == "cancelled"
    api.wait_until(lambda: len(gone(fake)) == taken_back + 1)
    assert len(fake.published) == before
    assert not api.redis.exists(f"dragon:v:{status['key']}")


def test_no_credential_is_in_redis_logs_answers_or_files(api, serve_file, film):
    """After success, refusal, cancel and kill; and while a task waits for its next try."""
    for name in TASKS:
        status = api.create(name, url=serve_file(film), **PARAMETERS[name](api))
        api.status(status["key"], details=True)
        refused = api.create(name, url=serve_file(film), **(PARAMETERS[name](api) | WRONG[name]))
        assert refused["status"] == "error"
    cancelled(api, serve_file, film, "video.upload.vimeo", "vimeo.patch")
    assert killed(api, film, "video.upload.youtube", "youtube.put", -1, "call")["status"] == "success"
    told = {}

    def look():
        told["Redis, under way"] = all_of_redis(api.redis)

    api.providers.faults["vimeo.patch"] = [None, Fault("hold", look)]
    api.create("video.upload.vimeo", url=serve_file(film), **PARAMETERS["video.upload.vimeo"](api))
    assert "dragon:v:" in told["Redis, under way"]
    told |= {
        "Redis": all_of_redis(api.redis),
        "log": api.log(),
        "answers": api.answers + api.get("/metrics").text + api.get("/openapi.json").text,
    }
    for path in api.dragon.data.rglob("*"):
        if path.is_file() and path.name != "secrets.key" and "cache" not in path.parts:
            told[str(path)] = path.read_bytes().decode("latin-1")

    assert len(told["log"]) > 5_000
    for where, text in told.items():
        for canary in canaries(api):
            for form in forms(canary):
                assert form not in text, f"{canary} in {where}"
