"""The message the API writes is the message dramatiq would write."""

import dramatiq
import msgspec
from dramatiq.brokers.stub import StubBroker

from dragon_framework.keys import new_key
from dragon_framework.queue.message import ACTOR, encode_message


def test_dramatiq_decodes_our_message_to_the_call_we_mean():
    key = new_key()

    message = dramatiq.Message.decode(encode_message(key, "image", "ACME", 1))

    assert (message.queue_name, message.actor_name) == ("image", ACTOR)
    assert (list(message.args), message.kwargs) == ([key], {})
    assert message.options == {"redis_message_id": key, "line": "ACME", "priority": 1}


def test_our_message_has_the_fields_and_types_of_dramatiqs_own():
    broker = StubBroker()
    actor = dramatiq.actor(print, actor_name=ACTOR, queue_name="image", broker=broker)
    theirs = msgspec.json.decode(actor.message(new_key()).encode())

    ours = msgspec.json.decode(encode_message(new_key(), "image"))

    assert list(ours) == list(theirs)
    assert {name: type(value) for name, value in ours.items()} == {name: type(value) for name, value in theirs.items()}
