"""`video.upload.fb` against a local Facebook: what arrives there, and what comes back."""

import pytest

from dragon_framework.errors import InvalidParametersError
from dragon_upload._graph import proof_of


@pytest.fixture
def upload(run_task, serve_file, film, providers):
    def run(path=film, **parameters):
        values = {"title": "A title", "description": "Wörds", "access_token": providers.facebook.page_token}
        return run_task("video.upload.fb", url=serve_file(path), **(values | parameters))

    yield run
    assert not providers.facebook.misuse


def page(number, tasks=("CREATE_CONTENT",)):
    return {"id": number, "name": f"Page {number}", "access_token": f"page-token-{number}", "tasks": list(tasks)}


@pytest.mark.parametrize("proof_required", [False, True])
def test_the_film_arrives_byte_for_byte(upload, film, providers, proof_required):
    providers.facebook.proof_required = proof_required

    output = upload(app_secret=providers.facebook.secret if proof_required else "")

    (session,) = providers.facebook.published
    assert bytes(session["data"]) == film.read_bytes()
    assert session["texts"] == ("A title", "Wörds")
    assert output.values == {"output": "https://www.facebook.com/reel/12000/", "duration": 2.0, "warnings": []}


@pytest.mark.parametrize(
    ("permalink", "output"),
    [
        ("", "https://www.facebook.com/watch/?v=12000"),
        ("https://www.facebook.com/555/videos/{id}/", "https://www.facebook.com/555/videos/12000/"),
    ],
)
def test_the_address_is_whole_whatever_facebook_tells(upload, providers, permalink, output):
    providers.facebook.permalink = permalink

    assert upload().output == output


def test_a_persons_token_is_exchanged_for_that_of_the_only_page(upload, providers):
    providers.facebook.pages = [page("1", ["ANALYZE"]), page("2"), page("3", [])]
    providers.facebook.pages_at_once = 1
    providers.facebook.proof_required = True

    upload(access_token=providers.facebook.user_token, app_secret=providers.facebook.secret)

    (session,) = providers.facebook.published
    assert session["node"] == "2"


def test_the_wanted_page_is_taken(upload, providers):
    providers.facebook.pages = [page("1"), page("2"), page("3")]

    upload(access_token=providers.facebook.user_token, page_id="3")

    assert [session["node"] for session in providers.facebook.published] == ["3"]


def test_the_token_of_a_page_goes_with_its_id(upload, providers):
    upload(page_id="555")

    assert [session["node"] for session in providers.facebook.published] == ["555"]


@pytest.mark.parametrize(
    ("pages", "words"),
    [([], "may not publish to any Page"), ([page("1"), page("2")], "page_id: Page 1 (1), Page 2 (2)")],
)
def test_a_token_of_no_page_or_several_is_refused_with_their_names(upload, providers, pages, words):
    providers.facebook.pages = pages

    with pytest.raises(InvalidParametersError) as raised:
        upload(access_token=providers.facebook.user_token)

    (text,) = raised.value.errors["access_token"]
    assert words in text
    assert not providers.facebook.sessions


def test_a_refused_token_is_explained_where_the_app_may_ask(upload, providers):
    with pytest.raises(InvalidParametersError) as raised:
        upload(access_token="expired", api_key=providers.facebook.app, app_secret=providers.facebook.secret)

    refusal, diagnosis = raised.value.errors["access_token"]
    assert refusal.startswith("the token has expired")
    assert diagnosis == "it is a token of the type USER, not valid, with the permissions pages_show_list"


def test_the_proof_is_that_of_rfc_4231():
    """Test case 2 of RFC 4231: key `Jefe`, data `what do ya want for nothing?`."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert proof_of("what do ya want for nothing?", "Jefe") == expected
