"""Finding the driver of a storage URL among what is installed."""

from pathlib import Path

import pytest

from dragon_framework.errors import FileMissingError, SettingsError, StorageError
from dragon_framework.storage import Storage, content_disposition, open_storage
from dragon_framework.storage.base import StoredFile


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution that declares storage drivers, as pip leaves it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, points: str, source: str = "") -> None:
        directory = tmp_path / f"{name}-1.2.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (directory / "entry_points.txt").write_text(f"[dragon.storage]\n{points}\n")
        (tmp_path / f"{name}_storage.py").write_text(source)

    return put


def test_a_scheme_that_nobody_knows_names_those_that_are_known_and_hides_the_password():
    with pytest.raises(SettingsError) as caught:
        open_storage("gopher://me:hidden@example.com/outputs?token=hidden")

    assert str(caught.value) == (
        "storage: no driver for gopher:// is installed (there are: local, s3), got 'gopher://example.com/outputs'"
    )


def test_a_driver_of_another_distribution_is_found_by_its_scheme(install):
    install(
        "acme",
        "acme = acme_storage:AcmeStorage",
        "from dragon_framework.storage.local import LocalStorage\n"
        "class AcmeStorage(LocalStorage):\n"
        "    @classmethod\n"
        "    def from_url(cls, url, options):\n"
        "        storage = super().from_url('/nowhere', options)\n"
        "        storage.seen = url, options\n"
        "        return storage\n",
    )

    storage = open_storage("acme://x/y", {"retention_seconds": 5})

    assert storage.seen == ("acme://x/y", {"retention_seconds": 5})


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import not_installed_anywhere", "ModuleNotFoundError: No module named 'not_installed_anywhere'"),
        ("import sys; sys.exit('no licence')", "SystemExit: no licence"),
        ("AcmeStorage = dict", "acme_storage:AcmeStorage is no subclass of Storage"),
    ],
)
def test_a_driver_that_cannot_be_used_says_why_and_whose_it_is(install, source, sentence):
    install("acme", "acme = acme_storage:AcmeStorage", source)
    __import__("sys").modules.pop("acme_storage", None)

    with pytest.raises(SettingsError) as caught:
        open_storage("acme://x")

    assert "of acme 1.2 is not available" in str(caught.value)
    assert sentence in str(caught.value)


def test_two_drivers_of_one_scheme_are_both_named(install):
    install("acme", "ours = acme_storage:A")
    install("rival", "ours = rival_storage:B")

    with pytest.raises(SettingsError, match=r"ours:// is provided by acme 1\.2 and rival 1\.2; uninstall one"):
        open_storage("ours://x")


class Answering(Storage):
    """A driver that brings no check of its own."""

    def __init__(self, answer):
        self.answer = answer

    @classmethod
    def from_url(cls, url, options):
        return cls((url, options))

    def stat(self, key, filename):
        raise self.answer

    def put(self, key, filename, source: Path, media_type) -> StoredFile: ...
    def open(self, key, filename): ...
    def local_path(self, key, filename): ...
    def link(self, key, filename, seconds): ...
    def delete(self, key): ...
    def sweep(self, older_than_seconds): ...


def test_a_storage_that_answers_for_a_file_that_never_was_passes_the_check():
    Answering(FileMissingError("there", "K", "f")).check()


def test_a_storage_that_fails_for_a_file_that_never_was_fails_the_check():
    with pytest.raises(SettingsError, match="storage there: it is on fire"):
        Answering(StorageError("there", "it is on fire")).check()


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "inline"),
        ("IMAGE/PNG", "inline"),
        ("video/mp4; codecs=avc1", "inline"),
        ("audio/ogg", "inline"),
        ("image/svg+xml", "attachment"),
        ("Image/SVG+XML ; charset=utf-8", "attachment"),
        ("image/x.other+xml", "attachment"),
        ("text/html", "attachment"),
        ("text/xml", "attachment"),
        ("text/plain", "attachment"),
        ("application/xhtml+xml", "attachment"),
        ("application/pdf", "attachment"),
        ("application/octet-stream", "attachment"),
        ("", "attachment"),
    ],
)
def test_only_what_a_browser_shows_without_running_it_is_inline(media_type, kind):
    assert content_disposition("output.x", media_type) == f'{kind}; filename="output.x"'
