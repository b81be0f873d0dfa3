"""The guard: which addresses and URLs are refused, however they are spelled."""

import ipaddress
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragon_framework.errors import SettingsError, SourceRefusedError
from dragon_framework.sources.guard import embedded_ipv4, parse_networks, refusal, vet_url

# Blocks that the IANA special-purpose registries do not call globally reachable
# (iana-ipv4-special-registry and iana-ipv6-special-registry), and multicast (RFC 5771, RFC 4291).
IANA_IPV4 = [
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "224.0.0.0/4",
]
IANA_IPV6 = [
    "::1/128",
    "::/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/32",
    "2001:2::/48",
    "2001:10::/28",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
TRANSPARENT = [ipaddress.ip_network(text) for text in ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")]


def address_in(text):
    network = ipaddress.ip_network(text)
    return st.integers(0, network.num_addresses - 1).map(lambda offset: network[offset])


special_ipv4 = st.sampled_from(IANA_IPV4).flatmap(address_in)
special = st.sampled_from(IANA_IPV4 + IANA_IPV6).flatmap(address_in)


def in_ipv6(address):
    """The forms in which an IPv6 address carries an IPv4 one: RFC 4291, 2765, 6052, 3056, 4380."""
    low = int(address)
    return [
        ipaddress.IPv6Address(number)
        for number in (
            0xFFFF << 32 | low,
            low,
            0xFFFF << 48 | low,
            0x0064_FF9B << 96 | low,
            0x2002 << 112 | low << 80 | 1,
            0x2001_0000 << 96 | 0x4136_E378 << 64 | 0x8000_63BF << 32 | low ^ 0xFFFF_FFFF,
        )
    ]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "on this machine"),
        ("127.255.255.254", "on this machine"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "this network"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "carrier"),
        ("169.254.1.1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("169.254.170.2", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "on this machine"),
        ("::1%lo", "on this machine"),
        ("fe80::1%eth0", "link-local"),
        ("fc00::1", "private"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("::ffff:127.0.0.1", "127.0.0.1 is on this machine"),
        ("::ffff:7f00:1", "127.0.0.1 is on this machine"),
        ("0:0:0:0:0:ffff:a9fe:a9fe", "169.254.169.254 is a cloud's metadata"),
        ("::127.0.0.1", "127.0.0.1 is on this machine"),
        ("::8.8.8.8", "IPv4-compatible"),
        ("64:ff9b::7f00:1", "127.0.0.1 is on this machine"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("64:ff9b:1::1", "private translation"),
        ("::ffff:0:127.0.0.1", "127.0.0.1 is on this machine"),
        ("2002:7f00:1::1", "127.0.0.1 is on this machine"),
        ("2002:808:808::1", "6to4"),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "127.0.0.1 is on this machine"),
        ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", "Teredo"),
        ("4000::1", "not a public one"),
        ("localhost", "not an address"),
        ("", "not an address"),
        ("0177.0.0.1", "not an address"),
    ],
)
def test_an_address_that_is_not_public_is_refused_with_its_reason(address, reason):
    assert reason in refusal(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_a_public_address_passes(address):
    assert refusal(address) is None


@settings(deadline=None)
@given(special)
def test_no_address_of_a_special_block_passes(address):
    assert refusal(str(address)) is not None


@settings(deadline=None)
@given(special_ipv4)
def test_no_special_ipv4_address_passes_inside_an_ipv6_one(address):
    for form in in_ipv6(address):
        assert refusal(str(form)) is not None, form


@settings(deadline=None)
@given(st.ip_addresses())
def test_what_the_standard_library_calls_not_global_never_passes(address):
    """The one exception are forms that only carry an IPv4 address: that one is judged."""
    if address.is_global or any(address in network for network in TRANSPARENT if address.version == 6):
        return

    assert refusal(str(address)) is not None


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_the_ipv4_address_inside_an_ipv6_one_is_found(address):
    found = [embedded_ipv4(form) for form in in_ipv6(address) if int(form) > 1]

    assert set(found) == {address}


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_a_transparent_form_is_judged_as_the_address_it_carries(address):
    mapped, _, translated, nat64, *_ = in_ipv6(address)

    assert refusal(str(mapped)) == refusal(str(translated)) == refusal(str(nat64)) == refusal(str(address))


def test_an_opened_network_opens_itself_and_nothing_beside_it():
    allowed = parse_networks(["127.0.0.2/32", "10.0.0.0/8", "fd12::/64"])

    assert [refusal(text, allowed) for text in ("127.0.0.2", "10.9.9.9", "::ffff:10.1.1.1", "fd12::1")] == [None] * 4
    assert all(refusal(text, allowed) for text in ("127.0.0.1", "192.168.0.1", "fd13::1", "2002:a00:1::1"))


def test_a_mapped_network_opens_the_ipv4_network_it_stands_for():
    allowed = parse_networks(["::ffff:10.0.0.0/104"])

    assert refusal("10.1.2.3", allowed) is None
    assert refusal("11.0.0.1", allowed) is None  # public anyway
    assert refusal("192.168.0.1", allowed) is not None


@pytest.mark.parametrize("text", ["", "everything", "10.0.0.0/33", "10.0.0", "::1/129"])
def test_a_network_that_is_none_is_a_settings_error_that_names_it(text):
    with pytest.raises(SettingsError, match="allow_source") as caught:
        parse_networks([text])

    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "file: URLs are not fetched"),
        ("FILE:///etc/passwd", "file: URLs"),
        ("ftp://example.com/a", "ftp: URLs"),
        ("gopher://example.com/_x", "gopher: URLs"),
        ("dict://example.com/d", "dict: URLs"),
        ("javascript:alert(1)", "javascript: URLs"),
        ("//example.com/a", "without a scheme"),
        ("example.com/a", "without a scheme"),
        ("", "without a scheme"),
        ("http:/example.com", "no host"),
        ("http:///a", "no host"),
        ("http://:80/", "no host"),
        ("http://user@example.com/", "credentials"),
        ("http://user:secret@example.com/", "credentials"),
        ("http://example.com@127.0.0.1/", "credentials"),
        ("http://example.com:secret@/", "credentials|malformed"),
        ("http://example.com:http/", "malformed"),
        ("http://example.com\\@127.0.0.1/", "backslashes"),
        ("http:\\\\127.0.0.1/", "backslashes"),
        ("http://example.com/\r\nHost: other", "control characters"),
        ("http://exam\tple.com/", "control characters"),
        ("http://example.com/\x00", "control characters"),
        ("http://example.com/\x85", "control characters"),
        ("http://example.com/\ud800", "control characters"),
        ("http://exa mple.com/", "host name"),
        ("http://example.com:0/", "port 0"),
        ("http://example.com:22/", "port 22"),
        ("http://example.com:25/", "port 25"),
        ("http://example.com:6667/", "port 6667"),
        ("http://example.com:65536/", "malformed"),
        ("http://example.com:-1/", "malformed"),
        ("http://example.com:8o/", "malformed"),
        ("http://example..com/", "host name"),
        ("http://.example.com/", "host name"),
        ("http://-a.example.com/", "host name"),
        ("http://exa%6dple.com/", "host name"),
        ("http://127.0.0.1%2f@example.com/", "credentials"),
        ("http://example.com;127.0.0.1/", "host name"),
        ("http://[::1%25lo]/", "host name"),
        ("http://[fe80::1%eth0]/", "host name"),
        ("http://[::1/", "malformed"),
        ("http://[127.0.0.1]/", "malformed|brackets"),
        ("http://[v1.a]/", "brackets"),
        ("http://\N{ZERO WIDTH SPACE}/", "host name"),
        (f"http://{'a' * 64}.example.com/", "host name"),
        (f"http://example.com/{'a' * 8192}", "longer than 8192"),
    ],
)
def test_a_url_that_is_not_even_tried_is_refused_with_its_reason(url, reason):
    with pytest.raises(SourceRefusedError, match=reason) as caught:
        vet_url(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://Example.COM", "http://example.com/"),
        (" http://example.com/a ", "http://example.com/a"),
        ("HTTPS://example.com:8443/a?b=c#d", "https://example.com:8443/a?b=c"),
        ("http://example.com:0080/", "http://example.com:80/"),
        ("http://example.com/a b/é?q=ü&r=%20", "http://example.com/a%20b/%C3%A9?q=%C3%BC&r=%20"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),  # RFC 3492's encoding of bücher
        ("http://faß.example/", "http://xn--fa-hia.example/"),  # IDNA 2008 keeps the ß
        ("http://ＥＸＡＭＰＬＥ．com/", "http://example.com/"),
        ("http://１２７。０。０。１/", "http://127.0.0.1/"),
        ("http://a_b.example.com./x", "http://a_b.example.com./x"),
        ("http://[2001:DB8:0:0::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://example.com/a//..//b", "http://example.com/a//..//b"),
        ("http://127.0.0.1#@example.com/x", "http://127.0.0.1/"),  # refused when it is connected to
        ("http://example.com/@x:y@z", "http://example.com/@x:y@z"),
    ],
)
def test_a_url_is_written_anew_in_ascii(url, sent):
    assert vet_url(url) == sent


@settings(deadline=None)
@given(
    st.builds(
        "{}{}".format,
        st.sampled_from(["http://", "https://", "HTTP://", "http:/", "", "http://a", "http://[::1]", "http://1.2.3.4"]),
        st.text(st.sampled_from("a1.:/\\@?#%[]-_ \t\nü。①é٣|\"<>'"), max_size=20),
    )
)
def test_a_vetted_url_means_one_host_to_every_parser(url):
    try:
        sent = vet_url(url)
    except SourceRefusedError:
        return

    assert sent.isascii()
    assert sent == vet_url(sent)
    assert urlsplit(sent).hostname == httpx.URL(sent).raw_host.decode()
    assert not httpx.URL(sent).userinfo
