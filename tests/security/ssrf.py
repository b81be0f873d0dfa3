"""Every spelling of an address inside, tried against the fetcher in a network of its own.

    .venv/bin/python tests/security/ssrf.py        prints the table of docs/explanation/ssrf.md
    .venv/bin/python tests/security/ssrf.py --json the same for a program

The script starts itself again in new user, network and mount namespaces (`unshare`). There
the loopback device holds *every* IPv4 and IPv6 address, so a server on one wildcard socket
stands at 10.0.0.5, at 169.254.169.254 and at a public address too, and records at which of
them a connection arrived. Names are resolved by the system's own resolver (libc, through a
`resolv.conf` of the namespace), which asks a DNS server that is written here and may change
its answers. Nothing is replaced or patched, and nothing leaves the namespace.

Each form goes through the three doors by which clients reach the network: `fetch`, `open`
(range requests) and the POST of callbacks; and through libcurl alone, with redirects
followed and its protocols as they are, to show what the form would reach unguarded.
"""

import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

PUBLIC4, PUBLIC6 = "93.184.216.34", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
INSIDE4 = "10.0.0.5"
PORTS = (70, 80, 2628, 6379, 8080)
CANARY = b"canary-of-the-inside"
FILE = "/tmp/canary-of-a-file"

# name: addresses of each answer in turn, the last one for ever; the family decides between A and AAAA.
ZONES = {
    "public.test": [[PUBLIC4]],
    "private.test": [[INSIDE4]],
    "loop.test": [["127.0.0.1"]],
    "loop6.test": [["::1"]],
    "metadata.test": [["169.254.169.254"]],
    "cgnat.test": [["100.64.0.7"]],
    "zero.test": [["0.0.0.0"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "nat64.test": [["64:ff9b::7f00:1"]],
    "sixtofour.test": [["2002:7f00:1::1"]],
    "unique-local.test": [["fd12::5"]],
    "several.test": [[PUBLIC4, INSIDE4]],
    "several-inside-first.test": [[INSIDE4, PUBLIC4]],
    "two-families.test": [[PUBLIC4, "::1"]],
    "rebinding.test": [[PUBLIC4], ["127.0.0.1"]],
    "rebinding-late.test": [[PUBLIC4], [PUBLIC4], [PUBLIC4], [INSIDE4]],
    "localhost.public.test": [["127.0.0.1"]],
    "xn--mnchen-3ya.test": [[INSIDE4]],
}

LITERALS = {
    "dotted": "http://127.0.0.1/",
    "another of the block": "http://127.9.8.7/",
    "decimal": "http://2130706433/",
    "hexadecimal": "http://0x7f000001/",
    "octal": "http://017700000001/",
    "hexadecimal parts": "http://0x7f.0x0.0x0.0x1/",
    "octal parts": "http://0177.0.0.01/",
    "octal parts with many zeros": "http://0000177.0.0.1/",
    "two parts": "http://127.1/",
    "three parts": "http://127.0.1/",
    "mixed bases": "http://0x7f.1/",
    "overflowing decimal": "http://6425673729/",
    "one zero": "http://0/",
    "unspecified": "http://0.0.0.0/",
    "this network": "http://0.1.2.3/",
    "trailing dot": "http://127.0.0.1./",
    "10/8": f"http://{INSIDE4}/",
    "10/8, decimal": "http://167772165/",
    "172.16/12": "http://172.16.0.1/",
    "end of 172.16/12": "http://172.31.255.254/",
    "192.168/16": "http://192.168.1.1/",
    "carrier-grade NAT": "http://100.64.0.1/",
    "link-local": "http://169.254.1.1/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata, decimal": "http://2852039166/",
    "metadata of containers": "http://169.254.170.2/v2/credentials",
    "metadata (Alibaba)": "http://100.100.100.200/",
    "metadata (Azure wire server)": "http://168.63.129.16/",
    "protocol assignments": "http://192.0.0.8/",
    "documentation": "http://192.0.2.1/",
    "benchmarking": "http://198.18.0.1/",
    "6to4 relay": "http://192.88.99.1/",
    "multicast": "http://224.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "reserved": "http://240.0.0.1/",
    "full-width digits": "http://１２７.０.０.１/",
    "circled digits": "http://①②⑦.⓪.⓪.①/",
    "ideographic full stops": "http://127。0。0。1/",
    "percent-encoded host": "http://%31%32%37.0.0.1/",
    "soft hyphen in the host": "http://127.0.0.\u00ad1/",
    "mathematical letters": "http://𝗅𝗈𝖼𝖺𝗅𝗁𝗈𝗌𝗍/",
    "localhost": "http://localhost/",
    "LOCALHOST": "http://LOCALHOST/",
    "localhost, trailing dot": "http://localhost./",
    "IPv6 loopback": "http://[::1]/",
    "IPv6 loopback, long": "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "IPv6 unspecified": "http://[::]/",
    "v4-mapped": "http://[::ffff:127.0.0.1]/",
    "v4-mapped, hexadecimal": "http://[::ffff:7f00:1]/",
    "v4-mapped 10/8": "http://[::ffff:a00:5]/",
    "v4-compatible": "http://[::127.0.0.1]/",
    "translated (RFC 2765)": "http://[::ffff:0:127.0.0.1]/",
    "NAT64": "http://[64:ff9b::7f00:1]/",
    "NAT64 of metadata": "http://[64:ff9b::a9fe:a9fe]/",
    "local NAT64": "http://[64:ff9b:1::7f00:1]/",
    "6to4": "http://[2002:7f00:1::1]/",
    "Teredo": "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "unique local": "http://[fd00::1]/",
    "metadata over IPv6": "http://[fd00:ec2::254]/",
    "IPv6 link-local": "http://[fe80::1]/",
    "zone identifier": "http://[fe80::1%25lo]/",
    "zone identifier on loopback": "http://[::1%25lo]/",
    "site-local": "http://[fec0::1]/",
    "IPv6 multicast": "http://[ff02::1]/",
    "IPv6 documentation": "http://[2001:db8::1]/",
}
NAMES = {
    "name of a private address": "http://private.test/",
    "name of loopback": "http://loop.test/",
    "name of IPv6 loopback": "http://loop6.test/",
    "name of metadata": "http://metadata.test/",
    "name of carrier-grade NAT": "http://cgnat.test/",
    "name of 0.0.0.0": "http://zero.test/",
    "name of a v4-mapped address": "http://mapped.test/",
    "name of a NAT64 address": "http://nat64.test/",
    "name of a 6to4 address": "http://sixtofour.test/",
    "name of a unique local address": "http://unique-local.test/",
    "public-looking name": "http://localhost.public.test/",
    "internationalized name": "http://münchen.test/",
    "name with a trailing dot": "http://private.test./",
    "one address of several is inside": "http://several.test/",
    "the first address is inside": "http://several-inside-first.test/",
    "IPv4 outside, IPv6 inside": "http://two-families.test/",
    "rebinding: the second answer is inside": "http://rebinding.test/",
    "rebinding: the fourth answer is inside": "http://rebinding-late.test/",
    "metadata by name": "http://metadata.google.internal/",
}
TRICKS = {
    "user information": "http://public.test@127.0.0.1/",
    "user and password": "http://public.test:80@127.0.0.1/",
    "two at signs": "http://a@public.test@127.0.0.1/",
    "encoded at sign": "http://public.test%40127.0.0.1/",
    "fragment before the host": "http://127.0.0.1#@public.test/",
    "question mark before the host": "http://127.0.0.1?@public.test/",
    "backslash": "http://127.0.0.1\\@public.test/",
    "backslashes for slashes": "http:\\\\127.0.0.1\\",
    "one slash": "http:/127.0.0.1/",
    "three slashes": "http:///127.0.0.1/",
    "leading spaces": "  http://127.0.0.1/",
    "tab in the host": "http://127.0.\t0.1/",
    "line break in the host": "http://127.0.0.1\r\nHost: public.test/",
    "line break in the path": "http://127.0.0.1/\r\nX-Injected: yes",
    "null byte": "http://127.0.0.1\x00.public.test/",
    "upper-case scheme": "HTTP://127.0.0.1/",
    "no scheme": "//127.0.0.1/",
    "a Redis port": "http://127.0.0.1:6379/",
    "file": f"file://{FILE}",
    "file on localhost": f"file://localhost{FILE}",
    "path": FILE,
    "gopher": "gopher://127.0.0.1:70/_GET%20/",
    "dict": "dict://127.0.0.1:2628/d:canary",
    "ftp": "ftp://127.0.0.1:8080/a",
    "unix socket": "unix:///run/redis.sock",
    "http+unix": "http+unix://%2Frun%2Fredis.sock/info",
    "ldap": "ldap://127.0.0.1:8080/",
    "view-source": "view-source:http://127.0.0.1/",
    "jar": "jar:http://127.0.0.1/a!/b",
    "url:": "url:http://127.0.0.1/",
}
REDIRECTS = {
    **{f"{status} to loopback": (status, "http://127.0.0.1/") for status in (300, 301, 302, 303, 305, 307, 308)},
    "302 to decimal": (302, "http://2130706433/"),
    "302 to IPv6 loopback": (302, "http://[::1]/"),
    "302 to a v4-mapped address": (302, "http://[::ffff:127.0.0.1]/"),
    "302 to metadata": (302, "http://169.254.169.254/latest/meta-data/"),
    "302 to a name inside": (302, "http://private.test/"),
    "302 without a scheme": (302, "//127.0.0.1/"),
    "302 with user information": (302, "http://public.test@127.0.0.1/"),
    "302 to another port inside": (302, "http://127.0.0.1:6379/"),
    "302 with backslashes": (302, "\\\\127.0.0.1\\"),
    "302 to file": (302, f"file://{FILE}"),
    "302 to gopher": (302, "gopher://127.0.0.1:70/_x"),
    "302 to dict": (302, "dict://127.0.0.1:2628/x"),
    "302 to ftp": (302, "ftp://127.0.0.1:8080/x"),
    "302 to data": (302, "data:text/plain,canary-of-the-inside"),
    "302 to a rebinding name": (302, "http://rebinding.test/"),
    "chain of four, then inside": (302, f"http://{PUBLIC4}/chain/3"),
    "refresh header": (200, "refresh:0;url=http://127.0.0.1/"),
}


def forms():
    """Yield (group, name, URL)."""
    for group, urls in (("address", LITERALS), ("name", NAMES), ("URL", TRICKS)):
        for name, url in urls.items():
            yield group, name, url
    for name, (status, target) in REDIRECTS.items():
        yield "redirect", name, f"http://{PUBLIC4}/to?s={status}&u={quote(target, safe=':/')}"


class Everywhere:
    """Servers on every address: who is inside, and who is outside, follows from the address that was reached."""

    def __init__(self):
        self.reached = []
        self.queries = []
        self._turns = {}
        self._selector = selectors.DefaultSelector()
        for port in PORTS:
            listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
            self._selector.register(listener, selectors.EVENT_READ)
        self._names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._names.bind(("127.0.0.53", 53))
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._resolve, daemon=True).start()

    def forget(self):
        self.reached.clear()
        self._turns.clear()

    def _accept(self):
        while True:
            for ready, _ in self._selector.select():
                connection, _ = ready.fileobj.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        address = connection.getsockname()[0].removeprefix("::ffff:")
        outside = address in {PUBLIC4, PUBLIC6}
        if not outside:
            self.reached.append(address)
        try:
            with connection:
                connection.settimeout(2)
                head = connection.recv(65536) if outside or connection.getsockname()[1] in {80, 8080, 6379} else b""
                target = head.split(b" ")[1].decode("latin-1") if head.count(b" ") > 1 else "/"
                query = parse_qs(urlsplit(target).query)
                if outside and target.startswith("/chain/"):
                    left = int(target[7:]) - 1
                    query = {"s": ["307"], "u": [f"/chain/{left}" if left else f"http://{INSIDE4}/"]}
                if outside and query:
                    location, status = query["u"][0], query["s"][0]
                    name, _, value = (
                        location.partition(":") if location.startswith("refresh:") else ("Location", "", location)
                    )
                    fields, body = f"{name}: {value}\r\n", b""
                else:
                    status, fields, body = "200", "", b"of the public server" if outside else CANARY
                fields += f"Content-Length: {len(body)}\r\nConnection: close\r\n"
                connection.sendall(f"HTTP/1.1 {status} Told\r\n{fields}\r\n".encode("latin-1", "replace") + body)
        except (OSError, KeyError):
            pass

    def _resolve(self):
        while True:
            packet, client = self._names.recvfrom(4096)
            labels, position = [], 12
            while packet[position]:
                labels.append(packet[position + 1 : position + 1 + packet[position]].decode().lower())
                position += packet[position] + 1
            kind = struct.unpack("!H", packet[position + 1 : position + 3])[0]
            name, question = ".".join(labels), packet[12 : position + 5]
            self.queries.append((name, kind))
            answers = ZONES.get(name, [])
            turn = self._turns.get((name, kind), 0)
            self._turns[name, kind] = turn + 1
            found = answers[min(turn, len(answers) - 1)] if answers else []
            family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
            data = [socket.inet_pton(family, one) for one in found if family and (":" in one) == (kind == 28)]
            records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(one)) + one for one in data)
            flags = 0x8180 if answers else 0x8183
            head = packet[:2] + struct.pack("!HHHHH", flags, 1, len(data), 0, 0)
            self._names.sendto(head + question + records, client)


def doors(directory):
    """Return the ways to the network by name: functions of a URL that return what came back."""
    from dragon_framework.settings import SourcesSettings
    from dragon_framework.sources import Sources
    from dragon_framework.sources.fetcher import Fetcher

    settings = SourcesSettings(timeout_seconds=3, connect_timeout_seconds=1)

    def fetch(url):
        sources = Sources(settings, cache_directory=None)
        try:
            return sources.fetch(url, directory).read_bytes()
        finally:
            sources.close()

    def read(url):
        sources = Sources(settings, cache_directory=None)
        try:
            with sources.open(url, into=directory) as file:
                return file.read()
        finally:
            sources.close()

    def call(url):
        fetcher = Fetcher(settings)
        try:
            fetcher.post(url, b"{}", headers={})
            return b""
        finally:
            fetcher.close()

    return {"fetch": fetch, "open": read, "callback": call}


def unguarded(url):
    """Return what libcurl gets by itself."""
    import pycurl

    got = bytearray()
    curl = pycurl.Curl()
    options = {pycurl.FOLLOWLOCATION: 1, pycurl.MAXREDIRS: 5, pycurl.TIMEOUT_MS: 700, pycurl.NOSIGNAL: 1}
    for option, value in {
        pycurl.URL: url.encode(),
        pycurl.WRITEFUNCTION: got.extend,
        pycurl.PROXY: "",
        **options,
    }.items():
        try:
            curl.setopt(option, value)
        except (pycurl.error, ValueError):
            return b""
    try:
        curl.perform()
    except (pycurl.error, ValueError):
        pass
    finally:
        curl.close()
    return bytes(got)


def measure():
    """Return a row for each form: what each door said, which address inside was reached."""
    from dragon_framework.errors import SourceError

    network = Everywhere()
    Path(FILE).write_bytes(CANARY)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        ways = doors(Path(name))
        for group, form, url in [("control", "a public server", "http://public.test/"), *forms()]:
            row = {"group": group, "form": form, "url": url, "reached": {}, "told": {}}
            for door, go in ways.items():
                network.forget()
                tries = 6 if "rebinding" in url else 1  # a fresh resolution each
                for _ in range(tries):
                    try:
                        body = go(url)
                        told = "canary" if CANARY in body else "ok"
                    except SourceError as error:
                        told = f"{error.code}: {getattr(error, 'reason', error)}"
                    except Exception as error:  # noqa: BLE001  # a breach, told as one
                        told = f"raised {type(error).__name__}: {error}"
                    row["told"].setdefault(door, told)
                    if told == "canary" or told.startswith("raised"):
                        row["told"][door] = told
                time.sleep(0.002)
                row["reached"][door] = sorted(set(network.reached))
            network.forget()
            got = [unguarded(url) for _ in range(4 if "rebinding" in url else 1)]
            time.sleep(0.01)
            row["unguarded"] = sorted(set(network.reached)) or (["file"] if any(CANARY in one for one in got) else [])
            rows.append(row)
    Path(FILE).unlink(missing_ok=True)
    return {"rows": rows, "names_asked": len(network.queries)}


def table(found):
    """Return the page."""
    rows = [row for row in found["rows"] if row["group"] != "control"]
    bad = [row for row in rows if any(row["reached"].values()) or "canary" in row["told"].values()]
    lines = [
        "# What a URL cannot reach",
        "",
        "Written by `python tests/security/ssrf.py --write`. In a network namespace in which every address exists, a",
        "server on all of them notes where it is reached. Names are resolved by libc from a DNS server of the test,",
        "whose answers change (time to live 0).",
        "`unguarded` is libcurl alone, with redirects followed: what the form reaches when nobody looks.",
        "",
        f"{len(rows)} forms, each through `fetch`, `open` and callbacks: {len(bad)} reached an address inside.",
        f"Unguarded: {sum(bool(row['unguarded']) for row in rows)} did.",
        "",
        "| | form | reached inside | unguarded reaches | what `fetch` says |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        reached = ", ".join(sorted({one for all_ in row["reached"].values() for one in all_})) or "nothing"
        told = row["told"]["fetch"].replace("|", "\\|").replace("\n", " ")
        told = "the public server, and nothing else" if told == "ok" else told
        lines.append(
            f"| {row['group']} | {row['form']} | {reached} | {', '.join(row['unguarded']) or 'nothing'} | {told} |"
        )
    return "\n".join(lines) + "\n"


def inside_namespaces():
    """Set up the network of the namespace: every address on loopback, our DNS server for names."""
    for command in (
        "ip link set lo up",
        "ip route add local 0.0.0.0/0 dev lo",
        "ip -6 route add local ::/0 dev lo",
    ):
        subprocess.run(command.split(), check=True)
    for path, text in (
        ("/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n"),
        ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n169.254.169.254 metadata.google.internal\n"),
    ):
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        subprocess.run(["mount", "--bind", file.name, path], check=True)
        Path(file.name).unlink()


UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount"]


def main():
    if "--inside" not in sys.argv:
        os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, __file__, "--inside", *sys.argv[1:]])
    inside_namespaces()
    found = measure()
    if "--json" in sys.argv:
        print(json.dumps(found))
    elif "--write" in sys.argv:
        (Path(__file__).parents[2] / "docs" / "explanation" / "ssrf.md").write_text(table(found), encoding="utf-8")
    else:
        print(table(found), end="")


if __name__ == "__main__":
    main()
