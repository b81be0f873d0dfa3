"""The conformance suite over every task of this plugin, hostile files included."""

import pytest

from dragon_framework.testing import check_task


@pytest.mark.parametrize("name", ["video.upload.fb", "video.upload.youtube", "video.upload.vimeo"])
def test_it_keeps_the_contract(name):
    check_task(name, hostile=True)
