"""The tasks through the HTTP API of a whole service: what v1 clients see, and what nobody must."""

import base64
import json
from urllib.parse import quote

import pytest


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
TASKS = sorted(PARAMETERS)


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
        }
        found.append((key, readers[kind](key)))
    return repr(found)


def test_no_credential_is_in_redis_logs_answers_or_files(api, serve_file, film):
    """Runs last in this module; what was uploaded, refused and cancelled before is looked through, too."""
    for name in TASKS:
        status = api.create(name, url=serve_file(film), **PARAMETERS[name](api))
        api.status(status["key"], details=True)
    told = {
        "Redis": all_of_redis(api.redis),
        "log": api.log(),
        "answers": api.answers + api.get("/metrics").text + api.get("/openapi.json").text,
    }
    for path in api.dragon.data.rglob("*"):
        if path.is_file() and path.name != "secrets.key" and "cache" not in path.parts:
            told[str(path)] = path.read_bytes().decode("latin-1")

    assert len(told["log"]) > 10_000
    for where, text in told.items():
        for canary in canaries(api):
            for form in forms(canary):
                assert form not in text, f"{canary} in {where}"
