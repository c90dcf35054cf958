"""Two districts that have nothing to do with each other, and what every address is asked there.

A new address gets an entry in ROUTES or, with the reason, in NOTHING_TO_FIND.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, text

from gridmap.auth.accounts import Grant, add_account, grant_role
from gridmap.auth.sessions import actor_of, open_session
from gridmap.cases.actions import Report, open_case
from gridmap.core.actor import SYSTEM, Actor
from gridmap.core.database import transaction
from gridmap.core.disposals import Gone, write_down
from gridmap.exchange.actions import import_file
from gridmap.exchange.requests import ImportRequest
from gridmap.intake import Columns
from gridmap.residents.changes import Correction, correct
from gridmap.staff.actions import NewMember, add_member, assign
from tests.factories import centre, import_residents, square, write_csv, write_grids
from tests.tiles.test_views import address_of

MINE, THEIRS, MISSING = "990101", "990102", "990103"
WORD, MISSING_WORD = "omega", "umega"
"""Begins every name in the other district; the second one is nowhere."""
FIRST_ID, MISSING_ID = 770077, 880088
"""Where the numbers of the other district's rows begin; a number that no row has."""
BATCH = FIRST_ID + 4
"""Of the incidents of the other district: the fifth file of `settle`."""
MY_INCIDENTS, THEIR_INCIDENTS = 4, 9
BOX = "bbox=119.9,31.9,120.6,32.6"
WINDOW = "from=2024-02-10&to=2024-06-20"
INSTANT = "2024-03-{:02d} 10:00:00"


@dataclass(frozen=True)
class Ask:
    """One request of the crawl.

    Attributes:
        twin: names something of the other district: what is missing must answer alike.
        steady: the answer does not change, whatever happens in the other district.
    """

    method: str
    path: str
    form: dict[str, str] = field(default_factory=dict)
    twin: bool = False
    steady: bool = True

    def of_missing(self, world: "World") -> "Ask":
        """The same request for what exists nowhere."""
        form = {name: world.missing(value) for name, value in self.form.items()}
        return replace(self, path=world.missing(self.path), form=form)


@dataclass
class World:
    """What stands in the database, and the names of the other district's things."""

    folder: Path
    names: dict[str, str] = field(default_factory=dict)
    """Of the other district → of the same form, but nowhere."""
    upload: str = "x" * 32
    case: str = "none"
    resident: int = FIRST_ID
    account: int = FIRST_ID

    def missing(self, given: str) -> str:
        """Put what exists nowhere in place of what is theirs."""
        for theirs, nowhere in self.names.items():
            given = given.replace(theirs, nowhere)
        return given


def settle(world: World, code: str, word: str, *, column: int, incidents: int) -> Actor:
    """Fill one district: borders and people by the system, the rest by its coordinator."""
    folder = world.folder
    coordinator = _coordinator(code, word)
    _borders(folder, code, word, column)
    lon, lat = centre(column, 0)
    places = [(f"{word}-p", lon, lat, f"{word} street 5", f"{word} house", "dwelling")]
    path = write_csv(folder / f"{word}-places.csv", ("id", "lon", "lat", "a", "n", "k"), places)
    columns = Columns(
        id="id", x="lon", y="lat", address="a", name="n", kind="k", source=f"{word} register"
    )
    import_file(SYSTEM, ImportRequest("places", path, columns))
    rows = [(f"{word}-{k}", lon, lat, INSTANT.format(k + 1), f"{word} deed")
            for k in range(incidents)]  # fmt: skip
    rows += [(f"{word}-lost", 121.9, 33.9, INSTANT.format(7), f"{word} deed"),
             (f"{word}-bad", "here", 33.9, INSTANT.format(7), f"{word} deed")]  # fmt: skip
    path = write_csv(folder / f"{word}-deeds.csv", ("id", "lon", "lat", "time", "category"), rows)
    columns = Columns(
        id="id", x="lon", y="lat", time="time", category="category", source=f"{word} police"
    )
    import_file(coordinator, ImportRequest("incidents", path, columns))
    things = [(f"{word}-c", lon, lat, f"{word} camera", "camera")]
    path = write_csv(folder / f"{word}-things.csv", ("id", "lon", "lat", "n", "k"), things)
    columns = Columns(id="id", x="lon", y="lat", name="n", kind="k", source=f"{word} works")
    import_file(coordinator, ImportRequest("resources", path, columns))
    _border_moved(code, word)
    people = [(f"{word.capitalize()} Person", "", "555 0100", lon, lat, f"{word} door")]
    import_residents(folder, people, actor=coordinator)
    with transaction(coordinator) as session:
        person = session.scalar(text("SELECT max(id) FROM residents"))
        correct(
            session,
            coordinator,
            person,
            Correction(note=f"{word} note"),
            version=1,
            reason=f"{word} asked for it",
        )
        add_member(session, coordinator, NewMember(f"{word}-7", f"{word} officer", area=code))
        assign(
            session,
            coordinator,
            f"{word}-7",
            f"{code}001001000",
            since=date(2024, 1, 1),
            until=None,
        )
        gone = Gone("erasure", "residents", 1, f"{word} wished it", grid_code=code)
        write_down(session, coordinator, gone)
        case = open_case(
            session, coordinator, Report("incident_handling", f"{word} case", lon=lon, lat=lat)
        )
        world.case = case.code
    return coordinator


def _coordinator(code: str, word: str) -> Actor:
    with transaction(SYSTEM) as session:
        account = add_account(session, f"{word}-coordinator", f"{word} chief")
        grant_role(session, account, Grant("coordinator", (code,), date(2020, 1, 1)))
        token = open_session(session, account)
    assert token is not None
    return actor_of(token)


def _border_moved(code: str, word: str) -> None:
    """Write down a change of borders, a row that it moved, and a draft of another one."""
    values = {"code": f"{code}001001", "word": f"{word} surveyor"}
    with transaction(SYSTEM) as session:
        values["change"] = session.scalar(
            text("INSERT INTO grid_changes (kind, grid_code, holds_from, before_ids, before_codes, "
                 "after_ids, after_codes, made_by) VALUES ('move', :code, '2024-01-01', '{}', "
                 "'{}', '{}', '{}', :word) RETURNING id"), values,
        )  # fmt: skip
        session.execute(
            text("INSERT INTO grid_change_rows (change_id, register, row_id, by_rule, old_code, "
                 "grid_code) VALUES (:change, 'incidents', 1, true, '', :code)"), values,
        )  # fmt: skip
        session.execute(
            text("INSERT INTO grid_drafts (kind, grid_code, codes, drawing, new_codes, names, "
                 "drawn_by) VALUES ('move', :code, '{}', '{}', '{}', '{}', :word)"), values,
        )  # fmt: skip


def _borders(folder: Path, code: str, word: str, column: int) -> None:
    shapes = {f"{code}001001{row:03d}": square(column, row) for row in range(4)}
    path = write_grids(folder / f"{word}-grids.geojson", shapes)
    path.write_text(path.read_text().replace("Grid ", f"{word} grid "))
    import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))
    areas = write_grids(folder / f"{word}-areas.geojson", {code: square(column, 0, side=0.01)})
    areas.write_text(areas.read_text().replace("Grid ", f"{word} borough "))
    import_file(SYSTEM, ImportRequest("divisions", areas, Columns(code="code", name="name")))
    people = write_csv(folder / f"{word}-people.csv", ("grid", "n"), [(c, 100) for c in shapes])
    columns = Columns(grid_code="grid", count="n", source=f"{word} census")
    import_file(SYSTEM, ImportRequest("population", people, columns, day=date(2024, 1, 1)))


def begin_numbers(admin_url: str) -> None:
    """Let all numbers from now on begin with FIRST_ID, so that answers can be searched for them."""
    engine = create_engine(admin_url)
    with engine.begin() as connection:
        names = connection.scalars(
            text("SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences "
                 "WHERE schemaname IN ('public', 'auth') "
                 "AND sequencename <> 'data_version_numbers'")
        ).all()  # fmt: skip
        for name in names:
            connection.execute(text(f"SELECT setval('{name}', {FIRST_ID}, false)"))
    engine.dispose()


# -- What is asked --------------------------------------------------------------------------
def page(path: str, *queries: str, twins: tuple[str, ...] = ()) -> Callable[[World], list[Ask]]:
    """Ask for a page with some parameters, and with some that name what is theirs."""
    return lambda _: [
        *(Ask("GET", f"{path}?{query}") for query in queries or ("",)),
        *(Ask("GET", f"{path}?{query}", twin=True) for query in twins),
    ]


def of_map(path: str, more: str = "") -> Callable[[World], list[Ask]]:
    """Ask for something of the map: its filter, sort and scope, own and theirs."""
    tail = f"&{more}" if more else ""
    own = (f"{more}", f"scope={MINE}&measure=count&{WINDOW}{tail}")
    theirs = (f"scope={THEIRS}001&{WINDOW}{tail}", f"category={WORD}_deed{tail}")
    return page(path, *own, twins=theirs)


def post(path: str, **form: str) -> Callable[[World], list[Ask]]:
    """Send a form to an address that names what is theirs."""
    return lambda world: [Ask("POST", path.format(**vars(world)), form, twin=True)]


def both(*parts: Callable[[World], list[Ask]]) -> Callable[[World], list[Ask]]:
    """Ask all of several."""
    return lambda world: [ask for part in parts for ask in part(world)]


def grid_card(_: World) -> Iterator[Ask]:
    for query in ("", f"?{WINDOW}&view=table", f"?scope={MINE}001001"):
        yield Ask("GET", f"/grids/{MINE}001001001/card{query}")
        yield Ask("GET", f"/grids/{THEIRS}001001001/card{query}", twin=True)


def export(_: World) -> Iterator[Ask]:
    for kind in ("csv", "geojson"):
        for query, twin in (("", False), (WINDOW, False), (f"scope={THEIRS}", True)):
            yield Ask("GET", f"/export/grids.{kind}?{query}", twin=twin)


def tile(_: World) -> Iterator[Ask]:
    for column, z in ((0, 15), (5, 15), (5, 8)):
        address = address_of(*centre(column, 0), z=z)
        yield Ask("GET", address)
        yield Ask("GET", f"{address}?scope={THEIRS}", twin=True)


def theirs(path: str, *queries: str) -> Callable[[World], list[Ask]]:
    """Ask for one thing of theirs by its number or code."""
    return lambda world: [
        Ask("GET", path.format(id=BATCH, **vars(world)) + query, twin=True)
        for query in queries or ("",)
    ]


ROUTES: dict[str, Callable[[World], list[Ask] | Iterator[Ask]]] = {
    "GET /": both(
        of_map("/"),
        page("/", f"{WINDOW}&grid={MINE}001001000", twins=(f"grid={THEIRS}001001000",)),
    ),
    "GET /table": both(of_map("/table"), page("/table", "sort=-n&page=2", f"{WINDOW}&sort=name")),
    "GET /map/figures": of_map("/map/figures"),
    "GET /map/names": page("/map/names", "", f"scope={MINE}", twins=(f"scope={THEIRS}",)),
    "GET /map/points": of_map("/map/points", BOX),
    "GET /map/resources": page(
        "/map/resources", f"{BOX}&kind=camera", twins=(f"{BOX}&kind=camera&scope={THEIRS}",)
    ),
    "GET /grids/<code>/history": both(
        page(f"/grids/{MINE}001001001/history"),
        lambda _: [Ask("GET", f"/grids/{THEIRS}001001001/history", twin=True)],
    ),
    "GET /grids/drafts": page("/grids/drafts"),
    "POST /grids/drafts": post(
        "/grids/drafts", kind="merge", codes=f"{THEIRS}001001000 {THEIRS}001001001"
    ),
    "GET /grids/drafts/<int:draft_id>": theirs(f"/grids/drafts/{FIRST_ID}"),
    "POST /grids/drafts/<int:draft_id>/hand-in": post(f"/grids/drafts/{FIRST_ID}/hand-in"),
    "POST /grids/drafts/<int:draft_id>/answer": post(
        f"/grids/drafts/{FIRST_ID}/answer", decision="accept"
    ),
    "GET /grids/<path:code>/card": grid_card,
    "GET /search": page(
        "/search", "q=grid&part=1", "q=street&part=1", "q=9901&part=1",
        twins=(f"q={WORD}&part=1", f"q={THEIRS}", f"q=street&scope={THEIRS}"),
    ),
    "GET /export/grids.<format>": export,
    "GET /api/hotspots": both(
        page("/api/hotspots", f"{WINDOW}&scope={MINE}001"),
        page("/api/hotspots", twins=(f"{WINDOW}&scope={THEIRS}", f"category={WORD}+deed")),
    ),
    "GET /tiles/grids/<int:z>/<int:x>/<int:y>.pbf": tile,
    "GET /grids": page(
        "/grids", "", "q=grid", twins=(f"scope={THEIRS}", f"q={WORD}", f"q={THEIRS}")
    ),
    "GET /incidents/unlinked": page(
        "/incidents/unlinked", "", WINDOW, "page=2", twins=(f"scope={THEIRS}",)
    ),
    "GET /categories": page("/categories"),
    "POST /categories/words/<int:word_id>": post(f"/categories/words/{FIRST_ID}", category="1"),
    "GET /import": page("/import", "", "page=2", "kind=incidents"),
    "POST /import": lambda _: [Ask("POST", "/import", {"kind": "incidents"})],
    "GET /import/<token>": theirs("/import/{upload}"),
    "POST /import/<token>": post("/import/{upload}", do="import", x="lon", y="lat"),
    "POST /import/<token>/sample.json": post("/import/{upload}/sample.json", x="lon", y="lat"),
    "POST /import/<token>/forget": post("/import/{upload}/forget"),
    "GET /import/batches/<int:batch_id>": theirs("/import/batches/{id}", "", "?page=2"),
    "GET /import/batches/<int:batch_id>/rejects.csv": theirs("/import/batches/{id}/rejects.csv"),
    "POST /import/batches/<int:batch_id>/undo": post(f"/import/batches/{BATCH}/undo"),
    "GET /desk": page(
        "/desk", "", "tab=all", "tab=open&q=case", twins=(f"scope={THEIRS}", f"q={WORD}")
    ),
    "GET /cases/new": lambda _: [Ask("GET", f"/cases/new?grid={THEIRS}001001000", twin=True)],
    "POST /cases": post("/cases", kind="incident_handling", title="x", grid=f"{THEIRS}001001000"),
    "GET /cases/<code>": theirs("/cases/{case}"),
    "POST /cases/<code>/steps/<name>": post("/cases/{case}/steps/accept", version="1"),
    "POST /cases/<code>/holder": post("/cases/{case}/holder", holder="1", version="1"),
    "POST /cases/<code>/notes": post("/cases/{case}/notes", note="x"),
    "POST /cases/<code>/undo": post("/cases/{case}/undo", version="1"),
    "GET /residents": page("/residents", "", "page=2", twins=(f"scope={THEIRS}",)),
    "POST /residents/search": lambda _: [
        Ask("POST", "/residents/search", {"field": "name", "words": f"{WORD.capitalize()} Person"}),
        Ask("POST", "/residents/search", {"field": "phone", "words": "555 0100"}),
    ],
    "GET /residents/<int:resident_id>": theirs("/residents/{resident}"),
    "GET /residents/<int:resident_id>/looks": theirs("/residents/{resident}/looks"),
    "POST /residents/<int:resident_id>/reveal": post(
        "/residents/{resident}/reveal", purpose="a call about the stairs"
    ),
    "POST /residents/<int:resident_id>/held": post("/residents/{resident}/held", form="json"),
    "POST /residents/<int:resident_id>/correct": post(
        "/residents/{resident}/correct", version="1", reason="a wrong letter", name="X"
    ),
    "POST /residents/<int:resident_id>/move-in": post(
        "/residents/{resident}/move-in", kind="resident", since="2024-05-05",
        grid=f"{MINE}001001000",
    ),
    "POST /residents/<int:resident_id>/move-out": post(
        "/residents/{resident}/move-out", residence=str(FIRST_ID), on="2024-05-05"
    ),
    "POST /residents/<int:resident_id>/erase": post(
        "/residents/{resident}/erase", reason="a wish", version="1"
    ),
    "GET /staff": page("/staff", "", "page=2", twins=(f"scope={THEIRS}",)),
    "POST /staff/assign": post(
        "/staff/assign", number=f"{WORD}-7", grid=f"{MINE}001001001", since="2024-05-05"
    ),
    "POST /staff/duties/end": post("/staff/duties/end", duty=str(FIRST_ID), on="2024-05-05"),
    "GET /desk/export.<format>": lambda _: [
        Ask("GET", "/desk/export.csv?tab=all"),
        Ask("GET", f"/desk/export.csv?scope={THEIRS}", twin=True),
    ],
    "GET /cases/points": page("/cases/points", BOX, twins=(f"{BOX}&scope={THEIRS}",)),
    "GET /cases/figures": page("/cases/figures", "", twins=(f"scope={THEIRS}",)),
    "GET /privacy/erased": page("/privacy/erased"),
    "GET /divisions.json": page("/divisions.json", "", "q=9901", twins=(f"q={WORD}",)),
    "GET /accounts": page("/accounts", "", "page=2", f"q={WORD[:3]}"),
    "GET /accounts/<int:account_id>": theirs("/accounts/{account}"),
    "POST /accounts/<int:account_id>/roles": post(
        "/accounts/{account}/roles", role="planner", scope=MINE, since="2024-01-01"
    ),
    "POST /accounts/<int:account_id>/roles/<int:grant_id>/end": post(
        f"/accounts/{{account}}/roles/{FIRST_ID}/end"
    ),
    "POST /accounts/<int:account_id>/sessions/<int:session_id>/end": post(
        f"/accounts/{{account}}/sessions/{FIRST_ID}/end"
    ),
    "POST /accounts/<int:account_id>/sessions/end": post("/accounts/{account}/sessions/end"),
    "POST /accounts/<int:account_id>/lock": post("/accounts/{account}/lock", reason="x"),
    "POST /accounts/<int:account_id>/unlock": post("/accounts/{account}/unlock"),
    "POST /accounts/<int:account_id>/reset": post("/accounts/{account}/reset"),
    "POST /accounts/<int:account_id>/identity": post("/accounts/{account}/identity", identity="x"),
    "POST /account/sessions/<int:session_id>/end": post(f"/account/sessions/{FIRST_ID}/end"),
    "GET /audit": lambda _: [
        Ask("GET", f"/audit{query}", steady=False)
        for query in ("", "?outcome=done", "?kind=batch")
    ],
    "GET /audit/unusual": lambda _: [Ask("GET", "/audit/unusual", steady=False)],
}  # fmt: skip
"""Method and address → what is asked there."""

NOTHING_TO_FIND = {
    **{
        f"{method} /account{rest}": "the own account"
        for method, rest in (
            ("GET", ""),
            ("GET", "/password"),
            ("POST", "/password"),
            ("GET", "/second-factor"),
            ("POST", "/second-factor"),
            ("POST", "/second-factor/codes"),
            ("POST", "/second-factor/remove"),
            ("POST", "/sessions/end-others"),
            ("POST", "/language"),
        )
    },
    "GET /accounts/new": "an empty form",
    "POST /accounts": "a new account, without a role yet",
    "GET /privacy": "which fields are held on people, and why; no person",
    "GET /healthz": "says that the database answers",
    "GET /static/<path:filename>": "files of the program",
    "GET /tiles/base/<int:z>/<int:x>/<int:y>.pbf": "streets and water, the same for everybody",
    "GET /login": "nobody is signed in yet",
    "POST /login": "nobody is signed in yet",
    "GET /login/code": "nobody is signed in yet",
    "POST /login/code": "nobody is signed in yet",
    "GET /login/provider": "nobody is signed in yet",
    "GET /login/provider/back": "nobody is signed in yet",
    "POST /logout": "ends the own session",
    "GET /cases/kinds/<name>": "how a kind of case goes; no case",
    "GET /jobs": "work in the background has no place; its policy is by account and role",
    "POST /jobs/<int:job_id>/cancel": "likewise",
    "POST /jobs/<int:job_id>/retry": "likewise",
}
"""Addresses without anything of a district, and why."""


def routes_of(app: Flask) -> set[str]:
    """Every method and address of the application."""
    return {
        f"{method} {rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


# -- What is answered -----------------------------------------------------------------------
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


def foreign_in(ask: Ask, answer: Answer) -> list[str]:
    """What an answer says of the other district, beyond what the question said."""
    asked = f"{ask.path} {ask.form}".lower()
    return sorted({word for word in FOREIGN.findall(answer.body) if word.lower() not in asked})
