"""`video.upload.vimeo` against a local Vimeo: what arrives there, and what comes back."""

import pytest

from dragon_framework.errors import InvalidParametersError


@pytest.fixture
def upload(run_task, serve_file, film, providers):
    def run(path=film, **parameters):
        values = {
            "title": "A title",
            "description": "Words",
            "consumer_key": "",
            "consumer_secret": "",
            "access_token_key": providers.vimeo.token,
            "access_token_secret": "",
        }
        return run_task("video.upload.vimeo", url=serve_file(path), **(values | parameters))

    yield run
    assert not providers.vimeo.misuse


def test_the_film_arrives_byte_for_byte(upload, film, providers):
    output = upload(privacy_view="nobody")

    (video,) = providers.vimeo.published
    assert bytes(video["data"]) == film.read_bytes()
    assert video["body"] == {
        "upload": {"approach": "tus", "size": film.stat().st_size},
        "name": "A title",
        "description": "Words",
        "privacy": {"view": "nobody"},
    }
    assert output.values == {
        "output": "https://vimeo.com/700000000/abcdef0123",
        "free_space": 5_000_000_000,
        "uploaded_file_size": film.stat().st_size,
        "duration": 2.0,
        "warnings": [],
    }


def test_progress_rises_through_the_phases(upload):
    progress = upload().progress

    percents = [value["percent"] for value in progress]
    assert percents == sorted(percents)
    assert list(dict.fromkeys(value["phase"] for value in progress)) == ["fetch", "send", "confirm"]


def test_an_oauth_1_token_is_converted(upload, providers):
    output = upload(
        consumer_key=providers.vimeo.pair[0],
        consumer_secret=providers.vimeo.pair[1],
        access_token_key=providers.vimeo.old[0],
        access_token_secret=providers.vimeo.old[1],
    )

    assert output.output.startswith("https://vimeo.com/")
    assert providers.server.operations()[:3] == ["vimeo.me", "vimeo.convert", "vimeo.me"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"access_token_key": "wrong"}, "access_token_key"),
        (
            {"access_token_key": "wrong", "consumer_key": "a", "consumer_secret": "b", "access_token_secret": "c"},
            "consumer_secret",
        ),
        (
            {
                "access_token_key": "wrong",
                "consumer_key": "consumer-key-canary",
                "consumer_secret": "consumer-secret-canary",
                "access_token_secret": "c",
            },
            "access_token_secret",
        ),
        ({"title": "x" * 129}, "title"),
    ],
)
def test_what_vimeo_refuses_names_the_parameter(upload, providers, changes, field):
    with pytest.raises(InvalidParametersError) as raised:
        upload(**changes)

    assert raised.value.errors.keys() == {field}
    assert not providers.vimeo.videos
