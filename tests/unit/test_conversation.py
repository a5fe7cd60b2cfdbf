"""Answers of a scan go back to the clients that asked, whatever else was asked for in that scan."""

from pvdstation.assembly.core.conversation import Conversation
from pvdstation.desk.asked import Asked
from pvdstation.desk.talk import Answer, Ask, Refused
from pvdstation.model.messages import Event, EventKind, Request, Verb


class Ends:
    """Both ends of a conversation: what goes to the scan, and what goes to the clients."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[tuple[str, str]] = []

    def request(self, request: Request) -> None:
        self.requests.append(request)

    def answer(self, asked: Asked, refused: str = "", text: str = "") -> None:
        self.answers.append((asked.client, f"refused, {refused}" if refused else f"accepted{text}"))

    def reply(self, asked: Asked, answer: Answer) -> None:
        assert isinstance(answer, Refused)
        self.answers.append((asked.client, f"refused, {answer.text}"))


def said(client: str, text: str) -> Event:
    return Event(1, 0, EventKind.REQUEST, client, text)


def test_what_the_run_answers_by_itself_is_nobodys_answer() -> None:
    ends = Ends()
    conversation = Conversation(ends, ends)  # type: ignore[arg-type]
    conversation.ask(Asked(1, "ui 1", Ask(1, "stop")))
    conversation.demand(Verb.ABORT, "signal")
    conversation.ask(Asked(2, "ui 2", Ask(1, "pause")))
    assert [request.client for request in ends.requests] == ["ui 1", "signal", "ui 2"]
    conversation.hear(
        (
            said("--answer", "answer colour = 1: refused, no question is open"),
            said("ui 1", "stop: accepted"),
            said("signal", "abort: accepted"),
            said("ui 2", "pause: refused, not possible while aborting"),
        )
    )
    assert ends.answers == [("ui 1", "accepted"), ("ui 2", "refused, not possible while aborting")]
