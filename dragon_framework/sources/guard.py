"""Which addresses and URLs the service may fetch. Pure: no network, no names resolved.

An address is vetted when a connection to it is about to be made, never a name: names
change their answers. An IPv4 address inside an IPv6 one is taken out first, since
`::ffff:127.0.0.1` and `64:ff9b::7f00:1` reach the same machine as `127.0.0.1`.
`ipaddress.is_global` is not enough: it lets multicast, NAT64 and others through.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from dragon_framework.errors import SettingsError, SourceRefusedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# IANA special-purpose registries (RFC 6890 and its updates).
_REFUSED = [
    ("0.0.0.0/8", "an unspecified address"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "a carrier's shared address"),
    ("127.0.0.0/8", "on this machine"),
    ("169.254.0.0/16", "a link-local address"),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "reserved for protocols"),
    ("192.0.2.0/24", "for documentation"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "a private address"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "an unspecified address"),
    ("::1/128", "on this machine"),
    ("::/96", "a deprecated IPv4-compatible address"),
    ("64:ff9b:1::/48", "a private translation address"),
    ("100::/64", "a discard address"),
    ("2001::/23", "reserved for protocols"),
    ("2001:db8::/32", "for documentation"),
    ("3fff::/20", "for documentation"),
    ("5f00::/16", "for segment routing"),
    ("fc00::/7", "a private address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a site-local address"),
    ("ff00::/8", "a multicast address"),
]
_REFUSED_NETWORKS = [(ipaddress.ip_network(text), reason) for text, reason in _REFUSED]
_METADATA = {ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254")}

_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_TEREDO = ipaddress.ip_network("2001::/32")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
_TRANSLATED = ipaddress.ip_network("::ffff:0:0:0/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_6TO4 = ipaddress.ip_network("2002::/16")

_ALLOWED_PORTS_TEXT = "from 1 to 65535"


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that *texts* (CIDR, or single addresses) name.

    Raises:
        SettingsError: If one is none.
    """
    networks = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise SettingsError("allow_source", f"expected a network such as 10.0.0.0/8, got {text!r}") from error
    return tuple(networks)


def embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that traffic to *address* ends at, if there is one."""
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _MAPPED or address in _TRANSLATED or address in _NAT64:
        return low
    if address in _COMPATIBLE and int(address) > 1:
        return low
    if address in _6TO4:
        return ipaddress.IPv4Address((int(address) >> 80) & 0xFFFFFFFF)
    if address in _TEREDO:
        return ipaddress.IPv4Address((int(address) & 0xFFFFFFFF) ^ 0xFFFFFFFF)
    return None


def refusal(text: str, allowed: Iterable[Network] = ()) -> str | None:
    """Return why the address *text* may not be connected to; None if it may.

    Args:
        text: An IP address as the operating system gives it, perhaps with a zone.
        allowed: Networks the operator has opened.
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return f"{text!r} is not an address"
    candidates: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address) and (inner := embedded_ipv4(address)) is not None:
        candidates.append(inner)
    networks = tuple(allowed)
    # An opened network opens the form it names, and the IPv4 address inside an IPv6 one.
    if any(candidate in network for candidate in candidates for network in networks if _same(candidate, network)):
        return None
    shown = str(candidates[-1])
    if candidates[-1] in _METADATA:
        return f"the address {shown} is a cloud's metadata service"
    for candidate in reversed(candidates):
        for network, reason in _REFUSED_NETWORKS:
            if _same(candidate, network) and candidate in network:
                return f"the address {candidate} is {reason}"
    last = candidates[-1]
    if isinstance(last, ipaddress.IPv6Address) and last not in _GLOBAL_IPV6:
        return f"the address {last} is not a public one"
    return None


def vet_url(url: str) -> None:
    """Check the form of an http or https URL.

    Raises:
        SourceRefusedError: If the service will not even try it; says why.
    """
    if len(url) > 8192:
        raise SourceRefusedError(url, "the URL is longer than 8192 characters")
    if any(ord(character) <= 0x20 or ord(character) == 0x7F or character == "\\" for character in url):
        raise SourceRefusedError(url, "the URL has spaces, backslashes or control characters; percent-encode them")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname
    except ValueError as error:
        raise SourceRefusedError(url, f"it is not a URL ({error})") from error
    if parts.scheme not in {"http", "https"}:
        shown = f"{parts.scheme}: URLs are" if parts.scheme else "URLs without a scheme are"
        raise SourceRefusedError(url, f"{shown} not fetched; use http:// or https://")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise SourceRefusedError(url, "credentials in a URL are not sent; use a signed URL instead")
    if not host:
        raise SourceRefusedError(url, "it has no host")
    if port == 0:
        raise SourceRefusedError(url, f"port 0 is not {_ALLOWED_PORTS_TEXT}")


def _same(address: Address, network: Network) -> bool:
    return address.version == network.version
