"""Every fault that a provider or the way to it can have: never two videos, never other bytes, never without end.

The faults are those of the providers' documentation and of their users' reports. After each run: so many
published videos as the case says, each identical to the film; a bounded number of requests; no credential in
a URL but those that the provider wants there; no token at the tus server.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from upload_fakes import facebook as fb
from upload_fakes import vimeo as vm
from upload_fakes import youtube as yt
from upload_fakes.server import Fault, reply

from dragon_framework.errors import InvalidParametersError, TaskError
from dragon_upload.fb import video_upload_fb
from dragon_upload.vimeo import video_upload_vimeo
from dragon_upload.youtube import video_upload_youtube

TASKS = {"youtube": video_upload_youtube, "vimeo": video_upload_vimeo, "facebook": video_upload_fb}
MOST_REQUESTS = 60

HTML = "<html><head></head><body><h1>Bad <b>gateway</b></h1></body></html>"

TRANSPORT = {
    "connection refused": Fault("refuse"),
    "reset within the request, bytes kept": Fault("reset", after=100_000),
    "reset within the request, kept to a multiple of 256 KiB": Fault("reset", after=300_000, keep=-1),
    "reset within the request, bytes dropped": Fault("reset", after=100_000, keep=0),
    "answer lost": Fault("lost"),
    "answer cut in its headers": Fault("cut_head"),
    "answer cut in its body": Fault("cut_body"),
    "silence before": Fault("stall", done=False),
    "silence afterwards": Fault("stall"),
    "slow": Fault("slow"),
    "compressed": Fault("gzip"),
    "connection closed between requests": Fault("hang_up"),
    "HTML 502": Fault("instead", reply(502, HTML, Content_Type="text/html")),
    "HTML 503 afterwards": Fault("after", reply(503, HTML, Content_Type="text/html")),
    "nothing where JSON should be": Fault("after", reply(200)),
    "half a JSON": Fault("after", reply(200, '{"id": "vid')),
    "an early error while the body comes": Fault("early", reply(503, {})),
}

OPERATIONS = {
    "youtube": ["start", "put", "last put", "ask"],
    "vimeo": ["me", "start", "patch", "last patch", "head", "video"],
    "facebook": ["start", "transfer", "last transfer", "finish", "video"],
}


class Run:
    """One upload to a fresh provider, and what became of it."""

    def __init__(self, provider, providers, run_task, url, film):
        self.provider, self.providers, self.film = provider, providers, film
        self.fake = getattr(providers, provider)
        self._run = lambda **more: run_task(TASKS[provider], url=url, **self.parameters(), **more)

    def parameters(self):
        if self.provider == "vimeo":
            empty = dict.fromkeys(("consumer_key", "consumer_secret", "access_token_secret"), "")
            return {"title": "A", "access_token_key": self.fake.token, **empty}
        token = self.fake.token if self.provider == "youtube" else self.fake.page_token
        return {"title": "A", "access_token": token}

    def pieces(self):
        """How many pieces there are without faults."""
        return -(-self.film.stat().st_size // 262_144) if self.provider != "facebook" else 3

    def plan(self, operation, *faults):
        """Plan faults; `last put` is the one with the last byte, an `ask` is brought about."""
        last = operation.startswith("last ")
        name = f"{self.provider}.{operation.removeprefix('last ')}"
        if operation in {"ask", "head"}:
            self.providers.faults[f"{self.provider}.{'put' if operation == 'ask' else 'patch'}"] = [Fault("lost")]
        if operation == "video" and self.provider == "facebook":
            self.providers.faults["facebook.finish"] = [Fault("lost")]
        self.providers.faults[name] = [None] * (self.pieces() - 1 if last else 0) + list(faults)

    def __call__(self, **more):
        """Return the output, or the error; everything that must always be is asserted."""
        try:
            outcome = self._run(**more)
        except TaskError as error:
            outcome = error
        for video in self.fake.published:
            assert bytes(video["data"]) == self.film.read_bytes()
        assert len(self.fake.published) <= 1
        assert len(self.providers.server.log) <= MOST_REQUESTS
        assert not self.fake.misuse
        for name, _, target, _ in self.providers.server.log:
            assert "canary" not in target.replace("upload-id-canary", "") or name == "facebook.debug", target
        assert "canary" not in str(outcome)
        return outcome

    def succeeds(self, **more):
        outcome = self(**more)
        assert not isinstance(outcome, TaskError), outcome
        assert len(self.fake.published) == 1
        return outcome

    def fails(self, *, published=0):
        outcome = self()
        assert isinstance(outcome, TaskError), outcome.values
        assert len(self.fake.published) == published
        return outcome


@pytest.fixture
def run(providers, run_task, serve_file, small_film, monkeypatch):
    for name, value in {
        "ANSWER_TIMEOUT_SECONDS": 0.25,
        "YOUTUBE_CHUNK_BYTES": 262_144,
        "VIMEO_CHUNK_BYTES": 262_144,
    }.items():
        monkeypatch.setenv(f"DRAGON_UPLOAD_{name}", str(value))
    providers.facebook.piece = 250_000
    return lambda provider: Run(provider, providers, run_task, serve_file(small_film), small_film)


@pytest.mark.parametrize("fault", TRANSPORT)
@pytest.mark.parametrize(
    ("provider", "operation"), [(provider, operation) for provider, some in OPERATIONS.items() for operation in some]
)
def test_the_way_there_fails_once(run, provider, operation, fault):
    upload = run(provider)
    upload.plan(operation, TRANSPORT[fault])

    upload.succeeds()


@pytest.mark.parametrize(("provider", "operation"), [("youtube", "put"), ("vimeo", "patch"), ("facebook", "transfer")])
def test_a_provider_that_is_away_for_good_is_given_up_before_the_last_byte(run, provider, operation):
    upload = run(provider)
    upload.plan(operation, *[Fault("refuse")] * 50)
    other = {"youtube": "ask", "vimeo": "head"}.get(provider)
    if other:
        upload.providers.faults[f"{provider}.{other}"] = [Fault("refuse")] * 50

    error = upload.fails()

    assert error.code == "provider_unavailable"
    assert error.transient
    assert str(error).startswith("providerUnavailable: ")
    assert 5 <= len(upload.providers.server.log) <= 25


@pytest.mark.parametrize(
    ("provider", "operation", "others"),
    [
        ("youtube", "last put", ["youtube.ask"]),
        ("vimeo", "last patch", ["vimeo.head", "vimeo.video"]),
        ("facebook", "finish", ["facebook.finish", "facebook.video"]),
    ],
)
def test_nobody_to_ask_after_the_last_byte_is_an_unknown_outcome(run, provider, operation, others):
    upload = run(provider)
    for other in others:
        upload.providers.faults[other] = [Fault("refuse")] * 50
    upload.plan(operation, Fault("lost"), *[Fault("refuse")] * 50)

    error = upload.fails(published=1)

    assert error.code == "outcome_unknown"
    assert not error.transient
    assert "may have been published" in str(error)


def quota_text():
    link = 'you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.'
    return f"The request cannot be completed because {link}"


PER_DAY = "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of service 'youtube'"

YOUTUBE_START = {
    "500": (yt.error(500, "backendError", "Backend Error", "global"), "ok"),
    "503": (reply(503), "ok"),
    "rate": (yt.error(403, "rateLimitExceeded", "Rate Limit Exceeded", "usageLimits"), "ok"),
    "429": (yt.error(429, "rateLimitExceeded", "Too many requests", "usageLimits"), "ok"),
    "retry-after": (reply(503, Retry_After="0"), "ok"),
    "no location": (reply(200), "ok"),
    "authError": (yt.error(401, "authError", "Invalid Credentials", "global"), "access_token"),
    "no channel": (yt.error(401, "youtubeSignupRequired", "Unauthorized", "youtube.header"), "access_token"),
    "401 text": (reply(401, "Unauthorized"), "access_token"),
    "scope": (yt.error(403, "insufficientPermissions", "Insufficient Permission", "global"), "access_token"),
    "scope in details": (
        yt.error(403, "forbidden", "no", details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]),
        "access_token",
    ),
    "api off": (yt.error(403, "accessNotConfigured", "API has not been used", "usageLimits"), "developer_key"),
    "key": (yt.error(400, "keyInvalid", "Bad Request", "usageLimits"), "developer_key"),
    "quota": (yt.error(403, "quotaExceeded", quota_text(), "youtube.quota"), "quotaExceeded: "),
    "daily": (yt.error(403, "dailyLimitExceeded", "Daily Limit Exceeded", "usageLimits"), "dailyLimitExceeded: "),
    "429 per day": (yt.error(429, "rateLimitExceeded", PER_DAY, "usageLimits"), "uploadLimitExceeded: "),
    "channel": (yt.error(400, "uploadLimitExceeded", "The user has exceeded the number"), "uploadLimitExceeded: "),
    "forbidden": (yt.error(403, "forbidden", "Forbidden"), "forbidden: "),
    "invalidTitle": (yt.error(400, "invalidTitle", "no"), "title"),
    "invalidDescription": (yt.error(400, "invalidDescription", "no"), "description"),
    "invalidTags": (yt.error(400, "invalidTags", "no"), "tags"),
    "invalidCategoryId": (yt.error(400, "invalidCategoryId", "no"), "category_id"),
    "invalidPublishAt": (yt.error(400, "invalidPublishAt", "no"), "publish_at"),
    "invalidVideoMetadata": (yt.error(400, "invalidVideoMetadata", "no"), "invalidVideoMetadata: "),
    "HTML 400": (reply(400, HTML), "http400: Bad gateway"),
    "foreign host": (reply(200, Location="https://evil.test/upload?upload_id=1"), "unexpectedHost: "),
    "look-alike host": (reply(200, Location="https://evilgoogleapis.com/"), "unexpectedHost: "),
    "user in location": (reply(200, Location="http://a@127.0.0.1/"), "unexpectedHost: "),
}

VIMEO_START = {
    "500": (vm.error(500, 4003, "Something went wrong"), "ok"),
    "429, near": (vm.error(429, 9000, "Too many", X_RateLimit_Reset="2016-08-30T11:41:40+00:00"), "ok"),
    "429, far": (vm.error(429, 9000, "Too many", X_RateLimit_Reset="4102444800"), "ok"),
    "401": (vm.error(401, 8003, "no"), "access_token_key"),
    "disk": (vm.error(403, 4101, "no space"), "quotaExceeded: "),
    "weekly": (vm.error(403, 4102, "The user's allotted quota has been reached."), "quotaExceeded: "),
    "daily": (vm.error(403, 4103, "cap"), "quotaExceeded: "),
    "total": (vm.error(403, 4104, "cap"), "quotaExceeded: "),
    "e-mail": (vm.error(403, 3428, "Verify your e-mail"), "vimeo3428: "),
    "no scope": (vm.error(403, 3400, "The token has no upload scope"), "access_token_key"),
    "name": (vm.error(400, 2204, "bad", [("name", 2250, "too long")]), "title"),
    "description": (vm.error(400, 2204, "bad", [("description", 2251, "too long")]), "description"),
    "other field": (vm.error(400, 2230, "bad", [("upload.size", 2000, "no")]), "vimeo2230: "),
    "no link": (reply(200, {"uri": "/videos/1", "upload": {}}), "ok"),
    "foreign host": (
        reply(200, {"uri": "/videos/1", "upload": {"upload_link": "https://evil.test/1"}}),
        "unexpectedHost: ",
    ),
    "no video": (
        reply(200, {"uri": "//evil.test/1", "upload": {"upload_link": "https://a.tus.vimeo.com/1"}}),
        "unexpectedAnswer: ",
    ),
}

FACEBOOK_START = {
    **{f"190/{sub}": (fb.error(190, "no", sub), "access_token") for sub in (460, 463, 467)},
    "102": (fb.error(102, "Session key invalid"), "access_token"),
    "10": (fb.error(10, "Permission denied"), "access_token"),
    "200": (fb.error(200, "Permissions error"), "access_token"),
    "proof": (fb.error(100, "Invalid appsecret_proof provided in the API argument"), "app_secret"),
    "proof required": (fb.error(100, "API calls from the server require an appsecret_proof argument"), "app_secret"),
    "368": (fb.error(368, "Temporarily blocked"), "facebook368: "),
    "506": (fb.error(506, "Duplicate Post"), "facebook506: "),
    "100": (fb.error(100, "Invalid parameter"), "facebook100: "),
    "6000": (fb.error(6000, "There was a problem"), "facebook6000: "),
    "too large": (fb.error(6000, "no", 1363023), "url"),
    "too small": (fb.error(6000, "no", 1363022), "url"),
    "no film": (fb.error(6000, "no", 1363031), "url"),
    "no file": (fb.error(6000, "no", 1363020), "facebook6000.1363020: "),
    **{f"code {code}": (fb.error(code, "later"), "ok") for code in (1, 2, 4, 17, 32, 613, 341)},
    "transient": (fb.error(100, "later", transient=True), "ok"),
    **{f"subcode {sub}": (fb.error(6000, "later", sub), "ok") for sub in (1363019, 1363030, 1363033, 1363047)},
    "200 with an error": (fb.error(2, "later", status=200), "ok"),
    "offsets missing": (reply(200, {"video_id": "1", "upload_session_id": "2"}), "ok"),
}


def check(upload, wanted):
    """`ok`, the name of a parameter, or how the error's text begins."""
    if wanted == "ok":
        upload.succeeds()
        return
    error = upload.fails()
    if ":" in wanted:
        assert str(error).startswith(wanted)
        assert not error.transient
        assert "<" not in str(error)
    else:
        assert isinstance(error, InvalidParametersError), error
        assert error.errors.keys() == {wanted}


@pytest.mark.parametrize(
    ("provider", "case"),
    [
        (provider, case)
        for provider, table in (("youtube", YOUTUBE_START), ("vimeo", VIMEO_START), ("facebook", FACEBOOK_START))
        for case in table
    ],
)
def test_the_start_is_answered_by_an_error(run, provider, case):
    answer, wanted = {"youtube": YOUTUBE_START, "vimeo": VIMEO_START, "facebook": FACEBOOK_START}[provider][case]
    upload = run(provider)
    upload.plan("start", Fault("instead", answer))

    check(upload, wanted)


GOOD, LATER, GONE = "ok", reply(503), reply(404, "Not Found")

YOUTUBE_SENDING = {
    **{str(status): ("put", [Fault("after", reply(status))], GOOD) for status in (500, 502, 503, 504, 408, 429)},
    "the same offset, with a wait": ("put", [Fault("instead", reply(308, Retry_After="1"))], GOOD),
    "a lower offset": ("last put", [Fault("instead", reply(308, Range="bytes=0-262143"))], GOOD),
    "no range after data": ("last put", [Fault("instead", reply(308))], GOOD),
    "a range without its unit": ("put", [Fault("after", reply(308, Range="0-262143"))], GOOD),
    "less than was sent": ("put", [Fault("reset", after=262_144, keep=1000)], GOOD),
    "a redirect": ("put", [Fault("after", reply(308, Range="bytes=0-262143", Location="https://evil.test/"))], GOOD),
    "401 on the way": ("put", [Fault("instead", yt.error(401, "authError", "expired"))], "access_token"),
    "quota on the way": ("put", [Fault("instead", yt.error(403, "quotaExceeded", "used up"))], "quotaExceeded: "),
    "400 text": ("put", [Fault("instead", reply(400, "Failed to parse Content-Range header."))], "http400: Failed"),
    "an offset past the end": ("put", [Fault("instead", reply(308, Range="bytes=0-99999999"))], "badOffset: "),
    "every byte, not done": ("last put", [Fault("after", reply(308, Range="bytes=0-{last}"))], GOOD),
    "gone, once": ("put", [Fault("instead", GONE)], GOOD),
    "gone, for good": ("put", [Fault("instead", GONE)] * 9, "sessionExpired: "),
    "no answer has an id": ("last put", [Fault("after", reply(200, {"kind": "youtube#video"}))], GOOD),
    "the question is answered by 5xx": ("ask", [Fault("instead", LATER)] * 3, GOOD),
}


@pytest.mark.parametrize("case", YOUTUBE_SENDING)
def test_youtube_while_bytes_are_sent(run, small_film, case):
    operation, faults, wanted = YOUTUBE_SENDING[case]
    upload = run("youtube")
    last = str(small_film.stat().st_size - 1)
    for fault in faults:
        if fault.reply and "{last}" in fault.reply[1].get("Range", ""):
            fault.reply = reply(308, Range=f"bytes=0-{last}")
    upload.plan(operation, *faults)

    check(upload, wanted)


def test_youtube_answers_201(run):
    upload = run("youtube")
    upload.fake.done_status = 201

    upload.succeeds()


def test_youtube_names_the_place_without_a_host(run):
    upload = run("youtube")
    upload.fake.location = "/upload/youtube/v3/videos?uploadType=resumable&upload_id={id}"

    upload.succeeds()


def test_youtube_loses_the_session_and_the_last_answer(run):
    upload = run("youtube")
    upload.plan("last put", Fault("lost"))
    upload.providers.faults["youtube.ask"] = [Fault("instead", GONE)]

    assert upload.fails(published=1).code == "outcome_unknown"


def test_youtube_forgets_the_token_after_the_last_byte(run):
    upload = run("youtube")
    upload.plan("last put", Fault("lost"))
    upload.providers.faults["youtube.ask"] = [Fault("instead", yt.error(401, "authError", "expired"))]

    assert upload.fails(published=1).code == "outcome_unknown"


def test_youtube_repeats_its_refusal(run):
    """A finished session answers every question as it answered the last request, failures among it."""
    upload = run("youtube")
    upload.plan("last put", Fault("stall", done=False))
    upload.providers.faults["youtube.ask"] = [Fault("instead", yt.error(400, "uploadLimitExceeded", "too many"))]

    assert upload.fails().code == "quota_exceeded"


TUS = {
    "409": ("patch", [Fault("instead", reply(409))], GOOD),
    "423": ("patch", [Fault("instead", reply(423))], GOOD),
    "503": ("patch", [Fault("instead", reply(503))], GOOD),
    "no offset": ("patch", [Fault("after", reply(204))], GOOD),
    "a smaller offset": ("patch", [Fault("reset", after=262_144, keep=77)], GOOD),
    "a larger offset": ("patch", [Fault("instead", reply(204, Upload_Offset="99999999"))], "badOffset: "),
    "412": ("patch", [Fault("instead", reply(412))], "tus412: "),
    "413": ("patch", [Fault("instead", reply(413))], "tus413: "),
    "415": ("patch", [Fault("instead", reply(415))], "tus415: "),
    "a film of another size": (
        "head",
        [Fault("instead", reply(200, Upload_Offset="0", Upload_Length="5"))],
        "badOffset: ",
    ),
    **{f"{status} once": ("patch", [Fault("instead", reply(status))], GOOD) for status in (403, 404, 410)},
    "410 for good": ("patch", [Fault("instead", reply(410))] * 9, "sessionExpired: "),
}


@pytest.mark.parametrize("case", TUS)
def test_vimeo_while_bytes_are_sent(run, case):
    operation, faults, wanted = TUS[case]
    upload = run("vimeo")
    upload.plan(operation, *faults)

    check(upload, wanted)
    assert len(upload.fake.videos) == (wanted == GOOD)  # no empty video is left behind


def test_vimeo_removes_the_link_when_all_is_there(run):
    upload = run("vimeo")
    upload.plan("last patch", Fault("lost"))
    upload.providers.faults["vimeo.head"] = [Fault("instead", reply(404))]

    upload.succeeds()


@pytest.mark.parametrize("quota", [None, {}, {"space": {"free": None}}, {"space": {"free": 0}}, {"space": "?"}])
def test_vimeo_tells_no_space_and_takes_the_film_all_the_same(run, quota):
    upload = run("vimeo")
    upload.fake.quota = quota

    output = upload.succeeds()

    assert output.free_space == (0 if quota == {"space": {"free": 0}} else None)


def test_vimeos_space_is_reckoned_where_it_is_not_told_again(run, small_film):
    upload = run("vimeo")
    upload.providers.faults["vimeo.me"] = [None, Fault("instead", reply(500))]

    assert upload.succeeds().free_space == 5_000_000_000 - small_film.stat().st_size


@pytest.mark.parametrize("status", [200, 201])
def test_vimeo_answers_as_its_pages_and_its_openapi_file_say(run, status):
    upload = run("vimeo")
    upload.fake.created_status = status

    upload.succeeds()


def test_vimeo_takes_its_time_to_say_that_it_is_complete(run):
    upload = run("vimeo")
    upload.fake.in_progress_polls = 3

    assert upload.succeeds().warnings == []
    assert upload.providers.server.operations().count("vimeo.video") == 4


def test_vimeo_never_says_that_it_is_complete(run):
    upload = run("vimeo")
    upload.fake.in_progress_polls = 1000

    (warning,) = upload.succeeds().warnings
    assert "has not said yet" in warning


@pytest.mark.parametrize(
    ("upload_status", "status", "code"),
    [
        ("error", "uploading_error", "upload_refused"),
        ("complete", "quota_exceeded", "quota_exceeded"),
        ("complete", "total_cap_exceeded", "quota_exceeded"),
        ("complete", "transcoding_error", "upload_refused"),
    ],
)
def test_vimeo_sets_the_film_aside(run, upload_status, status, code):
    upload = run("vimeo")
    upload.fake.final_upload_status, upload.fake.video_status = upload_status, status

    assert upload.fails(published=1).code == code


def test_vimeo_tells_no_link(run):
    upload = run("vimeo")
    upload.fake.link = None

    assert upload.succeeds().output == "https://vimeo.com/700000000"


OFFSETS = {"start_offset": "0", "end_offset": "250000"}

TRANSFER = {
    "wrong offset": ("transfer", [Fault("lost")], GOOD),
    "wrong offset as a text": (
        "transfer",
        [Fault("instead", fb.error(6001, "no", 1363037, error_data=fb.as_text(OFFSETS)))],
        GOOD,
    ),
    "wrong offset without data": ("transfer", [Fault("instead", fb.error(6001, "no", 1363037))], GOOD),
    "the same offsets again": ("transfer", [Fault("instead", reply(200, OFFSETS))], GOOD),
    "the same offsets for ever": ("transfer", [Fault("instead", reply(200, OFFSETS))] * 60, "providerUnavailable: "),
    "an end past the film": (
        "transfer",
        [Fault("instead", reply(200, {"start_offset": "0", "end_offset": "99999999"}))],
        GOOD,
    ),
    "a start past the film": (
        "transfer",
        [Fault("instead", reply(200, {"start_offset": "99999999", "end_offset": "99999999"}))],
        "badOffset: ",
    ),
    "a stop before the end": (
        "transfer",
        [Fault("instead", reply(200, {"start_offset": "250000", "end_offset": "250000"}))],
        "badOffset: ",
    ),
    "backwards": (
        "transfer",
        [Fault("instead", reply(200, {"start_offset": "250000", "end_offset": "5"}))],
        "badOffset: ",
    ),
    "413": ("transfer", [Fault("instead", reply(413))], "http413: "),
    "unknown session": ("transfer", [Fault("instead", fb.error(100, "no", 33))], "facebook100.33: "),
    "token expired": ("transfer", [Fault("instead", fb.error(190, "no", 463))], "access_token"),
    **{f"code {code}": ("transfer", [Fault("instead", fb.error(code, "later"))] * 3, GOOD) for code in (2, 4, 613)},
    "500 before finish": ("finish", [Fault("instead", reply(500))], GOOD),
    "500 after finish": ("finish", [Fault("after", reply(500))], GOOD),
    "no success": ("finish", [Fault("instead", reply(200, {"success": False}))], GOOD),
    "finish refused": ("finish", [Fault("instead", fb.error(506, "Duplicate Post"))], "facebook506: "),
    "finish denied": ("finish", [Fault("instead", fb.error(190, "no", 463))], "access_token"),
}


@pytest.mark.parametrize("case", TRANSFER)
def test_facebook_while_bytes_are_sent(run, case):
    operation, faults, wanted = TRANSFER[case]
    upload = run("facebook")
    upload.plan(operation, *faults)

    if wanted == "providerUnavailable: ":
        assert str(upload.fails()).startswith(wanted)
    else:
        check(upload, wanted)
    if wanted != GOOD:
        left = [session for session in upload.fake.sessions.values() if not session["published"]]
        assert not left or wanted == "providerUnavailable: "  # the upload was cancelled there


def test_facebook_never_shows_what_it_has_published(run):
    """A repeated `finish` is refused then, and nobody can tell."""
    upload = run("facebook")
    upload.fake.says_published = False
    upload.plan("finish", Fault("lost"))

    assert upload.fails(published=1).code == "outcome_unknown"


CHANCE = {
    "youtube": ["start", "put", "ask"],
    "vimeo": ["me", "start", "patch", "head", "video"],
    "facebook": ["start", "transfer", "finish", "video"],
}
QUICK = sorted(name for name in TRANSPORT if "silence" not in name and name != "slow")


@pytest.mark.parametrize("provider", sorted(CHANCE))
@settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_whatever_fails_in_whatever_order_there_are_never_two_videos(run, providers, provider, data):
    upload = run(provider)
    upload.fake.__init__()
    upload.fake.piece = 250_000
    providers.server.log.clear()
    providers.faults.clear()
    for operation in CHANCE[provider]:
        names = data.draw(st.lists(st.none() | st.sampled_from(QUICK), max_size=6), label=operation)
        providers.faults[f"{provider}.{operation}"] = [TRANSPORT[name] if name else None for name in names]

    outcome = upload()

    if isinstance(outcome, TaskError):
        assert outcome.code in {"provider_unavailable", "outcome_unknown"}
        assert outcome.code == "outcome_unknown" or not upload.fake.published
    else:
        assert len(upload.fake.published) == 1


def test_facebook_is_asked_before_it_is_told_to_publish_again(run):
    upload = run("facebook")
    upload.plan("finish", Fault("lost"))

    upload.succeeds()

    operations = upload.providers.server.operations()
    assert operations.count("facebook.finish") == 1
    assert operations[operations.index("facebook.finish") + 1] == "facebook.video"
