"""What every address is asked about the two districts.

A new address gets an entry in ROUTES or, with the reason, in NOTHING_TO_FIND.
"""

from collections.abc import Callable, Iterator

from flask import Flask

from tests.acceptance.two_districts import (
    BATCH,
    BOX,
    FIRST_ID,
    MINE,
    THEIRS,
    WINDOW,
    WORD,
    Ask,
    World,
)
from tests.factories import centre
from tests.tiles.test_views import address_of


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
