"""The conformance suite over every task of this plugin, against local providers: run, watched, cancelled, misled."""

import pytest

from dragon_framework.testing import check_task

NAMES = {"video.upload.fb": "facebook", "video.upload.youtube": "youtube", "video.upload.vimeo": "vimeo"}


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_the_contract(name, providers, small_film):
    fake = getattr(providers, NAMES[name])
    sample = {"url": str(small_film), "title": "A"}
    if name == "video.upload.vimeo":
        sample |= dict.fromkeys(("consumer_key", "consumer_secret", "access_token_secret"), "")
        sample["access_token_key"] = fake.token
    else:
        sample["access_token"] = fake.page_token if name == "video.upload.fb" else fake.token

    check_task(name, hostile=True, sample=sample)
