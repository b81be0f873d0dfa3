"""TLS: a certificate counts only if a trusted authority gave it to that name, and today."""

import shutil
import ssl
import subprocess
import time

import pytest

from dragon_framework.errors import SourceUnavailableError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A directory with an authority of our own: `ca.pem`, `ca.key`."""
    directory = tmp_path_factory.mktemp("tls")
    ca = ["-keyout", directory / "ca.key", "-out", directory / "ca.pem"]
    openssl("req", "-x509", *EC, *ca, "-days", "2", "-subj", "/CN=Test authority")
    return directory


@pytest.fixture
def serve_tls(authority, serve_on):
    """Start a server whose certificate, from that authority, is for *name*: `serve_tls("IP:127.0.0.1")`."""

    def serve(name, days=2):
        number = name.replace(":", "-").replace("*", "any")
        key, request, certificate, extensions = (
            authority / f"{number}.{part}" for part in ("key", "csr", "pem", "ext")
        )
        openssl("req", *EC, "-keyout", key, "-out", request, "-subj", "/CN=Test server")
        extensions.write_text(f"subjectAltName={name}\nextendedKeyUsage=serverAuth\n")
        signer = ["-CA", authority / "ca.pem", "-CAkey", authority / "ca.key", "-CAcreateserial"]
        times = ["-days", str(days), "-extfile", extensions]
        openssl("x509", "-req", "-in", request, *signer, "-out", certificate, *times)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return serve_on("127.0.0.1", context)

    return serve


def get(fetcher, url):
    body = bytearray()
    fetcher.get(url, lambda _: body.extend)
    return bytes(body)


def test_a_certificate_of_a_trusted_authority_for_that_address_is_taken(
    authority, serve_tls, make_fetcher, reply, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    url = serve_tls("IP:127.0.0.1").page("/a", reply(b"secure"))

    assert get(make_fetcher(), url) == b"secure"


def test_the_name_is_that_of_the_url_not_of_the_address(authority, serve_tls, make_fetcher, reply, monkeypatch):
    """The address that was vetted is connected to; the certificate is still for the name."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    server = serve_tls("DNS:localhost")
    server.page("/a", reply(b"secure"))

    assert get(make_fetcher(), f"https://localhost:{server.port}/a") == b"secure"
    with pytest.raises(SourceUnavailableError, match="the secure connection failed"):
        get(make_fetcher(), f"{server.url}/a")


@pytest.mark.parametrize("name", ["DNS:example.com", "IP:127.0.0.2", "DNS:*"])
def test_a_certificate_for_another_name_is_refused(authority, serve_tls, make_fetcher, reply, monkeypatch, name):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    server = serve_tls(name)

    with pytest.raises(SourceUnavailableError, match="the secure connection failed") as caught:
        get(make_fetcher(), server.page("/a?token=hunter2", reply(b"secure")))

    assert not caught.value.transient
    assert "hunter2" not in str(caught.value)
    assert server.asked == []


def test_a_certificate_of_an_unknown_authority_is_refused(serve_tls, make_fetcher, reply):
    server = serve_tls("IP:127.0.0.1")

    with pytest.raises(SourceUnavailableError, match="the secure connection failed"):
        get(make_fetcher(), server.page("/a", reply(b"secure")))

    assert server.asked == []


def test_a_certificate_that_is_out_of_date_is_refused(authority, serve_tls, make_fetcher, reply, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    server = serve_tls("IP:127.0.0.1", days=0)  # ends in the second in which it begins
    time.sleep(1.1)
    with pytest.raises(SourceUnavailableError, match="the secure connection failed"):
        get(make_fetcher(), server.page("/a", reply(b"secure")))


def test_a_redirect_from_http_to_https_is_vetted_as_well(authority, serve_tls, server, make_fetcher, reply):
    secure = serve_tls("IP:127.0.0.1")
    url = server.page("/a", reply(b"", 302, location=f"{secure.url}/b"))

    with pytest.raises(SourceUnavailableError, match=r"it redirects to https.*the secure connection failed"):
        get(make_fetcher(), url)


def test_http_on_a_port_of_https_is_an_error(server, fetcher, reply):
    server.page("/a", reply(b"plain"))

    with pytest.raises(SourceUnavailableError, match="the secure connection failed"):
        get(fetcher, f"https://127.0.0.1:{server.port}/a")
