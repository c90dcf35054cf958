"""Two districts that have nothing to do with each other, and what stands in them."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

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
from gridmap.residents.queries import remember_erased
from gridmap.staff.actions import NewMember, add_member, assign
from tests.factories import centre, import_residents, square, write_csv, write_grids

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
    with transaction(SYSTEM) as session:
        remember_erased(session, person, f"{code}001001000")
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
