"""Which addresses and URLs the service may fetch. Pure: no network, no names resolved.

An address is vetted when a connection to it is about to be made, never a name: names
change their answers. `ipaddress.is_global` is not enough (it lets multicast, NAT64 and
others through), and an IPv6 address may carry an IPv4 one that traffic ends at:
`::ffff:127.0.0.1` and `64:ff9b::7f00:1` reach the same machine as `127.0.0.1`. Every
address that an address stands for must be permitted.

URLs are written anew from their parts, so that what was vetted is what is sent.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from dragon_framework.errors import SettingsError, SourceRefusedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL_LENGTH = 8192

# IANA special-purpose registries (RFC 6890 and its updates); the first match names the reason.
_REFUSED = [
    ("169.254.169.254/32", "a cloud's metadata service"),
    ("169.254.170.2/32", "a cloud's metadata service"),  # Amazon ECS
    ("100.100.100.200/32", "a cloud's metadata service"),  # Alibaba
    ("168.63.129.16/32", "a cloud's metadata service"),  # Azure; in no special-purpose block
    ("fd00:ec2::254/128", "a cloud's metadata service"),
    ("0.0.0.0/32", "an unspecified address"),
    ("0.0.0.0/8", "reserved for this network"),
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
    ("255.255.255.255/32", "the broadcast address"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "an unspecified address"),
    ("::1/128", "on this machine"),
    ("::/96", "a deprecated IPv4-compatible address"),
    ("64:ff9b:1::/48", "a private translation address"),
    ("100::/64", "a discard address"),
    ("2001::/32", "a Teredo tunnel"),
    ("2001::/23", "reserved for protocols"),
    ("2001:db8::/32", "for documentation"),
    ("2002::/16", "a 6to4 tunnel"),
    ("3fff::/20", "for documentation"),
    ("5f00::/16", "for segment routing"),
    ("fc00::/7", "a private address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a site-local address"),
    ("ff00::/8", "a multicast address"),
]
_REFUSED_NETWORKS = [(ipaddress.ip_network(text), reason) for text, reason in _REFUSED]

_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_TEREDO = ipaddress.ip_network("2001::/32")
_6TO4 = ipaddress.ip_network("2002::/16")
_COMPATIBLE = ipaddress.ip_network("::/96")
# Transparent forms: the address is the IPv4 one in its last 32 bits, and nothing else.
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_TRANSPARENT = (
    _MAPPED,
    ipaddress.ip_network("::ffff:0:0:0/96"),  # stateless translation, RFC 2765
    ipaddress.ip_network("64:ff9b::/96"),  # NAT64, RFC 6052
)

# Ports that the Fetch standard (2.9, "port blocking") keeps HTTP away from.
# fmt: off
_BAD_PORTS = frozenset({
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
    531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045,
    4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})
# fmt: on

_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"  # RFC 1035, and the underscores that are met
_HOST = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_KEPT = "!#$%&'()*+,/:;=?@[]^_`{|}~-."


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that *texts* (CIDR, or single addresses) name.

    IPv4-mapped ones (`::ffff:10.0.0.0/104`) are the IPv4 networks they stand for.

    Raises:
        SettingsError: If one is none.
    """
    networks: list[Network] = []
    for text in texts:
        try:
            network: Network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError as error:
            raise SettingsError("allow_source", f"expected a network such as 10.0.0.0/8, got {text!r}") from error
        if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
            low = ipaddress.IPv4Address(int(network.network_address) & 0xFFFFFFFF)
            network = ipaddress.IPv4Network((low, network.prefixlen - 96))
        networks.append(network)
    return tuple(networks)


def embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that traffic to *address* ends at, if there is one."""
    number = int(address)
    if any(address in network for network in _TRANSPARENT) or (address in _COMPATIBLE and number > 1):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    if address in _6TO4:  # RFC 3056: bits 16 to 47
        return ipaddress.IPv4Address((number >> 80) & 0xFFFFFFFF)
    if address in _TEREDO:  # RFC 4380: the client's address, inverted
        return ipaddress.IPv4Address((number & 0xFFFFFFFF) ^ 0xFFFFFFFF)
    return None


def refusal(text: str, allowed: Iterable[Network] = ()) -> str | None:
    """Return why the address *text* may not be connected to; None if it may.

    Args:
        text: An IP address as the operating system gives it, perhaps with a zone.
        allowed: Networks the operator has opened. To open an IPv6 form that hides an
            IPv4 address takes both, unless the form is a transparent one.
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return f"{text!r} is not an address"
    networks = tuple(allowed)
    inner = embedded_ipv4(address) if isinstance(address, ipaddress.IPv6Address) else None
    if inner is not None and (reason := _reason(inner, networks)) is not None:
        return f"the address {inner} is {reason}"
    if inner is not None and any(address in network for network in _TRANSPARENT):
        return None
    if (reason := _reason(address, networks)) is not None:
        return f"the address {address} is {reason}"
    return None


def vet_url(url: str) -> str:
    """Return the http or https *url* as it is to be sent: checked, all ASCII, without fragment.

    The host is in lower case and in its ASCII form (IDNA 2008, mapped as browsers do);
    spaces and characters beyond ASCII in the rest are percent-encoded as UTF-8.

    Raises:
        SourceRefusedError: If the service will not even try it; says why.
    """
    stripped = url.strip(" \t\r\n")
    if len(stripped) > MAX_URL_LENGTH:
        raise SourceRefusedError(url, f"the URL is longer than {MAX_URL_LENGTH} characters")
    if _UNSENDABLE.search(stripped):
        raise SourceRefusedError(url, "the URL has backslashes or control characters; percent-encode them")
    try:
        parts = urlsplit(stripped)
        port, host = parts.port, parts.hostname
    except ValueError:  # its text may hold a password
        raise SourceRefusedError(url, "it is not a URL: its host or port is malformed") from None
    if parts.scheme not in {"http", "https"}:
        shown = f"{parts.scheme}: URLs are" if parts.scheme else "URLs without a scheme are"
        raise SourceRefusedError(url, f"{shown} not fetched; use http:// or https://")
    if "@" in parts.netloc:
        raise SourceRefusedError(url, "credentials in a URL are not sent; use a signed URL instead")
    if not host:
        raise SourceRefusedError(url, "it has no host")
    if "[" in parts.netloc and ":" not in host:
        raise SourceRefusedError(url, "only an IPv6 address stands in brackets")
    if port is not None and (port == 0 or port in _BAD_PORTS):
        raise SourceRefusedError(url, f"port {port} is not one for {parts.scheme}")
    try:
        host = _ascii_host(host)
    except ValueError as error:
        raise SourceRefusedError(url, "its host is not a host name or address") from error
    rest = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{rest}"


def _ascii_host(host: str) -> str:
    if ":" in host:  # the brackets are gone
        return f"[{ipaddress.IPv6Address(host if '%' not in host else '')}]"
    if not host.isascii():
        import idna  # large tables; needed by few

        host = idna.encode(host, uts46=True).decode("ascii")
    if not _HOST.fullmatch(host):
        raise ValueError(host)
    return host


def _reason(address: Address, allowed: tuple[Network, ...]) -> str | None:
    version = address.version
    if any(address in network for network in allowed if network.version == version):
        return None
    for network, reason in _REFUSED_NETWORKS:
        if network.version == version and address in network:
            return reason
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_IPV6:
        return "not a public one"
    return None
