"""The fault suite can see what it looks for: steps in what is sent, broken outputs, statuses that change."""

import asyncio
import hashlib
import io
import random
import wave

import pytest
from PIL import Image

from dragon_framework.status import scripts
from faults.checks import check_calls, check_ends, check_published
from faults.commands import Command, CommandReader
from faults.definitions import Mix, wrong_file, wrong_result
from faults.kinds import all_kinds
from faults.ledger import Entry
from faults.proxy import Proxy, Trap
from faults.rounds import Report, Row, plan
from faults.table import table

KEY = "A" * 26


def command(*words):
    """Return a command as Redis clients send it (RESP: an array of bulk strings)."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def sha(script):
    return hashlib.sha1(script.encode()).hexdigest()


def test_steps_are_found_in_what_is_sent_however_it_is_cut():
    begin = command("EVALSHA", sha(scripts.BEGIN), "1", f"dragon:t:{KEY}", KEY, "now", "9")
    finish = command("EVALSHA", sha(scripts.FINISH), "4", "a", "b", "c", "d", KEY, "{}")
    update = command("EVALSHA", sha(scripts.UPDATE), "1", f"dragon:t:{KEY}", "{}", "9")
    sent = command("PING") + begin + finish + command("EVALSHA", "0" * 40, "0", "x") + update
    reader = CommandReader()

    found = [one for number in range(len(sent)) for one in reader.read(sent[number : number + 1])]

    assert found == [Command("begin", KEY), Command("finish", KEY), Command("update", KEY)]


def exchange(trap_after, goes_on):
    """Send one BEGIN through a proxy with a trap; return how often the server was asked, the answer, what was seen."""
    asked, seen = [], []

    async def server(reader, writer):
        while data := await reader.read(1000):
            asked.append(data)
            writer.write(b"+OK\r\n")

    async def story():
        listener = await asyncio.start_server(server, "127.0.0.1", 0)
        proxy = Proxy("test", listener.sockets[0].getsockname()[1], CommandReader)
        await proxy.start()

        async def strike(_, commands):
            seen.extend(commands)
            seen.append(len(asked))
            return goes_on

        trap = Trap(lambda _, commands: any(one.step == "begin" for one in commands), strike, after=trap_after)
        proxy.traps.append(trap)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(command("EVALSHA", sha(scripts.BEGIN), "1", "t", KEY, "now", "9"))
        try:
            answer = await asyncio.wait_for(reader.read(100), 10)
        except ConnectionResetError:
            answer = b"reset"
        writer.close()
        await proxy.close()
        listener.close()
        return answer

    answer = asyncio.run(story())
    return len(asked), answer, seen


@pytest.mark.parametrize(
    ("after", "goes_on", "asked", "answer"),
    [
        (False, True, 1, b"+OK\r\n"),
        (False, False, 0, b"reset"),
        (True, True, 1, b"+OK\r\n"),
        (True, False, 1, b"reset"),
    ],
)
def test_a_trap_strikes_before_the_server_is_asked_or_after_it_has_answered(after, goes_on, asked, answer):
    got = exchange(after, goes_on)

    assert got == (asked, answer, [Command("begin", KEY), int(after)])


def test_a_proxy_that_is_cut_resets_what_is_there_and_what_comes():
    async def story():
        listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        proxy = Proxy("test", listener.sockets[0].getsockname()[1])
        await proxy.start()
        before, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        while not proxy.links:
            await asyncio.sleep(0.01)
        proxy.cut()
        ends = [await ended(before)]
        after, other = await asyncio.open_connection("127.0.0.1", proxy.port)
        ends.append(await ended(after))
        for one in (writer, other):
            one.close()
        await proxy.close()
        listener.close()
        return ends

    async def ended(reader):
        try:
            return await asyncio.wait_for(reader.read(1), 10) == b""
        except ConnectionError:
            return True

    assert asyncio.run(story()) == [True, True]


def test_broken_outputs_are_seen():
    picture, sound = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 30)).save(picture, "PNG")
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 500))
    digest = hashlib.sha256(b"abc").hexdigest()

    assert not wrong_file(picture.getvalue(), "picture", (40, 30))
    assert not wrong_file(sound.getvalue(), "sound", 500)
    assert not wrong_file(b"abc", "bytes", digest)
    assert wrong_file(picture.getvalue()[:-20], "picture", (40, 30))
    assert wrong_file(picture.getvalue(), "picture", (41, 30))
    assert wrong_file(sound.getvalue()[:-200], "sound", 500)
    assert wrong_file(b"ab", "bytes", digest)


def test_wrong_results_are_seen():
    expected = {"outcome": "success", "values": {"width": 3, "duration": 2.5}}

    assert not wrong_result({"width": 3, "duration": 2.51, "more": 1}, expected)
    assert "width" in wrong_result({"width": 4, "duration": 2.5}, expected)
    assert "duration" in wrong_result({"width": 3, "duration": 2.6}, expected)
    assert "duration" in wrong_result({"width": 3}, expected)


def status(state, **more):
    return {"status": state, "key": KEY, **more}


SUCCESS = {"outcome": "success", "values": {}}


@pytest.mark.parametrize(
    ("now", "first", "expected", "cancelled", "what"),
    [
        (status("success", result={}), None, SUCCESS, False, []),
        (status("executing"), None, SUCCESS, False, ["lost"]),
        (status("error", error={"code": "unknown_key"}), None, SUCCESS, True, ["lost"]),
        (status("success", result={}), status("error", error={"code": "cancelled"}), SUCCESS, True, ["doubled"]),
        (status("error", error={"code": "cancelled"}), None, SUCCESS, True, []),
        (status("error", error={"code": "cancelled"}), None, SUCCESS, False, ["wrong"]),
        (status("error", error={"code": "allowed"}), None, SUCCESS, False, []),
        (status("success", result={}), None, {"outcome": "error", "codes": {"x"}}, False, ["wrong"]),
        (status("success", result={}), None, SUCCESS | {"values": {"width": 1}}, False, ["wrong"]),
    ],
)
def test_ends_that_must_not_be_are_seen(now, first, expected, cancelled, what):
    entry = Entry(KEY, {"task_name": "x"}, expected, cancelled, first)

    findings = check_ends([entry], [now], frozenset({"allowed"}))

    assert [one.what for one in findings] == what


def test_what_is_published_after_the_end_is_seen():
    entries = [Entry(KEY, {}, SUCCESS, published=[b"1"]), Entry(KEY, {}, SUCCESS, published=[b"1"], after=[b"2"])]

    assert [one.what for one in check_published(entries)] == ["doubled"]


def test_callbacks_that_do_not_come_or_say_something_else_are_seen():
    def entry(key, *, cancelled=False):
        return Entry(key, {}, SUCCESS | {"callback": True}, cancelled, {"status": "success", "key": key})

    entries = [entry("told"), entry("twice"), entry("never"), entry("early"), entry("cancelled", cancelled=True)]
    calls = {one.key: [one.final] for one in entries[:2]} | {"early": [{"status": "executing", "key": "early"}]}
    calls["twice"] *= 2

    assert [(one.what, one.key) for one in check_calls(entries, calls)] == [("lost", "never"), ("wrong", "early")]


def test_the_mix_is_the_same_for_the_same_seed_and_has_every_sort_of_task():
    def mix(seed):
        one = Mix(random.Random(seed), "http://127.0.0.1:1")
        return [one.next()[0] for _ in range(400)]

    assert mix(1) == mix(1) != mix(2)
    assert {definition["task_name"] for definition in mix(1)} >= {
        *("image.thumb", "image.info", "audio.convert", "audio.waveform"),
        *("fault.sleep", "fault.spawn", "fault.crash", "fault.eat", "fault.write", "fault.partial"),
    }


def test_the_long_form_has_every_fault_in_a_round_of_its_own_and_with_the_others():
    every = {kind.name for kinds in all_kinds().values() for kind in kinds}

    rounds = plan(1800, random.Random(1))

    assert {kind.name for one in rounds if not one.mixed for kind in one.kinds} == every
    assert {kind.name for one in rounds if one.mixed for kind in one.kinds} == every - {"disk of Valkey full"}
    assert all(one.s3 for one in rounds for kind in one.kinds if kind.s3)
    assert {kind.name for kind in plan(1800, random.Random(1), "Valkey killed")[0].kinds} == {"Valkey killed"}
    with pytest.raises(ValueError, match="Redis cut off"):
        plan(1800, random.Random(1), "no such fault")


def test_the_table_has_a_line_for_each_fault_and_the_sums():
    report = Report(rows={"b": Row("b", 2, 3, 1, {"lost": 1}), "a": Row("a", 1, 1)})

    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table(report).splitlines()]

    assert lines[2:] == [
        ["a", "1", "1", "0", "0", "0", "0", "0"],
        ["b", "2", "3", "1", "1", "0", "0", "0"],
        ["all", "3", "4", "1", "1", "0", "0", "0"],
    ]
