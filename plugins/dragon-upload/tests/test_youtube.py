"""`video.upload.youtube` against a local YouTube: what arrives there, and what comes back."""

import pytest
from PIL import Image

from dragon_framework.errors import InvalidParametersError

TAGS = "500 characters altogether, with commas between them and quotes around those with a space"


@pytest.fixture
def upload(run_task, serve_file, film, providers):
    def run(path=film, **parameters):
        values = {"title": "A title", "access_token": providers.youtube.token}
        return run_task("video.upload.youtube", url=serve_file(path), **(values | parameters))

    yield run
    assert not providers.youtube.misuse


def test_the_film_arrives_byte_for_byte(upload, film, providers):
    output = upload(
        description="Words",
        tags=["a", "b c"],
        category_id=10,
        privacy_status="unlisted",
        developer_key=providers.youtube.key,
    )

    (session,) = providers.youtube.published
    assert bytes(session["data"]) == film.read_bytes()
    assert session["body"] == {
        "snippet": {"title": "A title", "description": "Words", "tags": ["a", "b c"], "categoryId": "10"},
        "status": {"privacyStatus": "unlisted"},
    }
    assert session["query"] == {"uploadType": "resumable", "part": "snippet,status", "key": providers.youtube.key}
    assert output.values == {"output": "https://www.youtube.com/watch?v=video000000", "duration": 2.0, "warnings": []}
    assert len(providers.server.operations()) == 1 + -(-film.stat().st_size // (4 * 262_144))


def test_the_key_is_sent_on_the_first_call_alone(upload, providers):
    upload(developer_key=providers.youtube.key)

    with_key = [name for name, _, target, _ in providers.server.log if providers.youtube.key in target]
    assert with_key == ["youtube.start"]


def test_extras_are_asked_for(upload, providers, serve_file, tmp_path):
    Image.new("RGB", (64, 36), "red").save(tmp_path / "thumb.png")

    output = upload(
        privacy_status="private",
        publish_at="2030-01-31T12:00:00Z",
        made_for_kids=False,
        notify_subscribers=False,
        thumbnail_url=serve_file(tmp_path / "thumb.png"),
        playlist_id="PL0123",
    )

    (session,) = providers.youtube.published
    assert session["body"]["status"] == {
        "privacyStatus": "private",
        "publishAt": "2030-01-31T12:00:00Z",
        "selfDeclaredMadeForKids": False,
    }
    assert session["query"]["notifySubscribers"] == "false"
    assert providers.youtube.thumbnails == {"video000000": ("image/png", (tmp_path / "thumb.png").read_bytes())}
    assert providers.youtube.playlist == [
        {"playlistId": "PL0123", "resourceId": {"kind": "youtube#video", "videoId": "video000000"}}
    ]
    assert output.warnings == []


def test_an_extra_that_fails_is_a_warning(upload, providers, serve_file, film):
    from upload_fakes.server import Fault
    from upload_fakes.youtube import error

    refusal = error(404, "playlistNotFound", "The playlist cannot be found.", "youtube.playlistItem")
    providers.faults["youtube.playlist"] = [Fault("instead", refusal)]
    providers.youtube.privacy = "private"

    output = upload(thumbnail_url=serve_file(film), playlist_id="PL0123")

    assert len(providers.youtube.published) == 1
    privacy, thumbnail, playlist = output.warnings
    assert privacy == "YouTube has made the video private, not public"
    assert thumbnail.startswith("thumbnail_url: ")
    assert "is not a JPEG or PNG picture" in thumbnail
    assert playlist == "playlist_id: playlistNotFound: The playlist cannot be found. (HTTP 404)"


def test_every_wrong_field_is_told_at_once_and_nothing_is_fetched(run_task, file_server, serve_file, film, providers):
    before = file_server.requests
    with pytest.raises(InvalidParametersError) as raised:
        run_task(
            "video.upload.youtube",
            url=serve_file(film),
            access_token="x",
            title="<" + "x" * 100,
            description="é" * 2501,
            tags=["a" * 200, "b" * 150 + " " + "c" * 150],
            publish_at="tomorrow",
        )

    assert raised.value.errors == {
        "title": ["must not contain < or >", "must have at most 100 characters, got 101"],
        "description": ["must have at most 5000 bytes in UTF-8, got 5002"],
        "tags": [f"must have at most {TAGS}, got 504"],  # 200 + 301, two quotes, one comma
        "publish_at": [
            "must be a time of ISO 8601, such as 2030-01-31T12:00:00Z",
            "needs privacy_status=private: YouTube makes the video public at that time",
        ],
    }
    assert file_server.requests == before
    assert not providers.server.log
