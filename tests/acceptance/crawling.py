"""Sending every question, and what an answer gives away of the other district."""

import io
import re
from dataclasses import dataclass, replace

from tests.acceptance.questions import ROUTES
from tests.acceptance.two_districts import FIRST_ID, THEIRS, WORD, Ask, World


@dataclass(frozen=True)
class Answer:
    """What came back, without what differs from request to request."""

    status: int
    body: str
    etag: str | None
    length: int

    def plain(self, world: World) -> "Answer":
        """The answer with what is theirs named like what is nowhere."""
        return replace(self, body=world.missing(self.body), etag=None, length=0)


PASSING = (
    r'nonce="[^"]*"', r"nonce-[^']*'", r"[?&;]v=[0-9a-f]+", r"computed [^<]*",
    r'name="key" value="[^"]*"',
    r'"computed_at": ?"[^"]*"', r"/import/[\w-]{32}", r"\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d",
)  # fmt: skip
_PASSING = re.compile("|".join(PASSING))


def answer_to(client, ask: Ask) -> Answer:
    """Send one request."""
    data = dict(ask.form)
    if ask.path == "/import" and ask.method == "POST":
        data["file"] = (io.BytesIO(b"id,lon\n1,2\n"), "mine.csv")
    answered = client.open(ask.path, method=ask.method, data=data or None)
    body = answered.get_data().decode("utf-8", "replace")
    answered.close()
    steady = _PASSING.sub("", body + answered.headers.get("Location", ""))
    return Answer(answered.status_code, steady, answered.headers.get("ETag"), len(steady))


def crawl(client, world: World, method: str) -> dict[Ask, Answer]:
    """Ask everything that is asked by one method."""
    asked = [_hashable(ask) for entry in ROUTES.values() for ask in entry(world)]
    return {ask: answer_to(client, ask) for ask in asked if ask.method == method}


def _hashable(ask: Ask) -> Ask:
    return replace(ask, form=_Form(ask.form))


class _Form(dict):
    """A form that can be a part of a key."""

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.items())))


FOREIGN = re.compile(f"{WORD}|{THEIRS}|{str(FIRST_ID)[:4]}\\d\\d", re.IGNORECASE)


def foreign_in(ask: Ask, answer: Answer, told_back: str = "") -> list[str]:
    """What an answer says of the other district, beyond what was asked.

    Args:
        ask: the question.
        answer: to it.
        told_back: earlier questions that the pages of the record name again.
    """
    asked = f"{ask.path} {ask.form}".lower()
    if ask.path.startswith("/audit"):
        asked += told_back.lower()
    return sorted({word for word in FOREIGN.findall(answer.body) if word.lower() not in asked})
