"""No family of tasks waits for another, and no more run at once than the worker has slots."""

import threading
from pathlib import Path

from dragon_framework.worker.places import Places


def starts(path):
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_long_tasks_of_one_queue_never_keep_those_of_another_waiting(lab, tmp_path):
    lab.start_worker(concurrency=2)
    paths = [tmp_path / str(number) for number in range(4)]
    long = [lab.submit("acme.until_file", path=str(path)) for path in paths]
    lab.wait_until(lambda: sum(map(starts, paths)) == 2)

    quick = [lab.wait(lab.submit("other.echo", text=str(number))) for number in range(5)]

    assert [status["result"]["text"] for status in quick] == ["0", "1", "2", "3", "4"]
    assert sum(map(starts, paths)) == 2  # the other two had to wait: two slots
    for path in paths:
        Path(f"{path}.go").touch()
    assert {lab.wait(key)["status"] for key in long} == {"success"}


def test_of_each_queue_one_may_always_enter_and_beyond_the_slots_no_other():
    places = Places(2)

    entered = [places.enter("a", 0), places.enter("a", 0), places.enter("a", 0), places.enter("b", 0)]
    places.leave("a")
    over = places.enter("a", 0)  # a and b run: two slots
    places.leave("b")
    then = places.enter("a", 0)

    assert entered == [True, True, False, True]
    assert over is False
    assert then is True


def test_a_thread_that_waits_for_a_place_gets_it_when_another_leaves():
    places = Places(1)
    places.enter("a", 0)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(places.enter("a", 20)))
    thread.start()

    places.leave("a")
    thread.join(10)

    assert answers == [True]
