"""The conformance suite over every task of this plugin, hostile files included."""

import pytest

from dragon_framework.testing import check_task


@pytest.mark.parametrize("name", ["audio.info", "audio.convert", "audio.beats", "audio.waveform", "audio.tts"])
def test_it_keeps_the_contract(name):
    check_task(name, hostile=name != "audio.tts")
