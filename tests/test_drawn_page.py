"""A page drawn from the server's messages, without a server."""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from listening_study.streamlit_internals.drawn_page import DrawnPage


def begun(*fragments: str) -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.initialize.session_id = "a session"
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def button(place: int, key: str, fragment: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path.extend([0, place])
    message.delta.fragment_id = fragment
    message.delta.new_element.button.id = f"$$ID-0a1b-{key}"
    message.delta.new_element.button.label = key.capitalize()
    return message


ENDED = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
STOPPED = ForwardMsg(script_finished=ForwardMsg.FINISHED_EARLY_FOR_RERUN)


def drawn(*messages: ForwardMsg) -> DrawnPage:
    page = DrawnPage()
    for message in messages:
        page.take(message)
    return page


def test_elements_are_in_the_order_of_their_places() -> None:
    page = drawn(begun(), button(10, "last"), button(2, "first"), ENDED)
    assert [one.key for one in page.elements] == ["first", "last"]
    assert page.find("last") == page.find("Last") == page.all_of("button")[1]
    assert page.text == "First\nLast"


def test_what_a_run_did_not_draw_again_is_gone_when_it_finishes_and_not_before() -> None:
    page = drawn(begun(), button(0, "next"), button(1, "help"), ENDED)
    page.expect_run()
    for message in (begun(), button(0, "next"), STOPPED):
        page.take(message)
    assert page.has("help")
    assert not page.idle
    page.take(ENDED)
    assert not page.has("help")
    assert page.has("next")
    assert page.idle


def test_a_run_of_one_fragment_leaves_the_rest_of_the_page() -> None:
    first = (begun(), button(0, "next"), button(1, "inside", "part"), button(2, "more", "part"), ENDED)
    page = drawn(*first, begun("part"), button(1, "inside", "part"), ENDED)
    assert [one.key for one in page.elements] == ["next", "inside"]


def test_a_message_that_the_page_kept_is_drawn_again_from_its_hash_alone() -> None:
    kept = button(0, "next")
    kept.hash, kept.metadata.cacheable = "0a1b", True
    again = ForwardMsg(ref_hash="0a1b")
    again.metadata.delta_path.extend([0, 5])
    page = drawn(begun(), kept, ENDED, begun(), button(1, "first"), again, ENDED)
    assert [one.key for one in page.elements] == ["first", "next"]
