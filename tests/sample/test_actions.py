"""Loading the sample city and taking it away: whole, once, and never beside real data unasked."""

from datetime import date

import numpy as np
import pytest
from sqlalchemy import func, select, text

from gridmap.batches.models import Batch
from gridmap.core import city as settings
from gridmap.core.actor import SYSTEM
from gridmap.grids.models import Division, Grid, GridPopulation
from gridmap.incidents.models import Incident, IncidentMonth
from gridmap.places.models import BaseFeature, Place
from gridmap.residents.models import Residence, Resident
from gridmap.resources.models import Resource
from gridmap.sample import actions
from gridmap.sample.city import make_city
from gridmap.sample.errors import RealDataHere, SampleLoaded
from gridmap.sample.persons import COMMUNITIES
from gridmap.staff.models import Duty, StaffMember
from tests import factories

TABLES = (
    Division, Grid, GridPopulation, BaseFeature, Place, Resource, Incident, IncidentMonth, Resident,
    Residence, StaffMember, Duty,
)  # fmt: skip
SMALL = {"grids": 30, "incidents": 400, "seed": 5}


def rows(session):
    return {
        table.__tablename__: session.scalar(select(func.count()).select_from(table))
        for table in TABLES
    }


def test_everything_is_stored_and_linked_as_it_was_drawn(session):
    city = make_city(30, 400, 5, today=date(2025, 3, 1))

    counts = actions.store_city(session, SYSTEM, city)

    assert counts["grids"].stored == 30
    assert counts["incidents"].linked == int((city.incidents.grid >= 0).sum())
    found = session.execute(select(Incident.source_id, Incident.grid_code))
    stored = {source_id: code for source_id, code in found}  # noqa: C416 - rows are not tuples
    drawn = np.where(city.incidents.grid >= 0, city.grids.code[city.incidents.grid], "")
    assert stored == dict(zip(city.incidents.source_id, drawn, strict=True))
    assert counts["places"].unlinked == 0
    last = IncidentMonth.cumulative[func.cardinality(IncidentMonth.cumulative)]
    everything = select(func.sum(last)).where(IncidentMonth.category_id == 0)
    assert session.scalar(everything) == 400
    imported = select(func.sum(GridPopulation.n)).where(GridPopulation.batch_id.is_not(None))
    assert session.scalar(imported) == city.grids.residents.sum()
    assert session.scalar(text("SELECT count(*) FROM categories WHERE NOT known")) == 0


def test_each_part_is_a_sample_batch_in_the_citys_time_zone(session):
    actions.load_sample(SYSTEM, **SMALL)

    batches = session.scalars(select(Batch).order_by(Batch.id)).all()
    assert [batch.kind for batch in batches] == [
        "divisions", "grids", "base", "places", "population", "resources", "incidents",
        "residents", "staff",
    ]  # fmt: skip
    assert all(batch.is_sample and batch.source == "sample" for batch in batches)
    assert batches[0].mapping == SMALL
    assert settings.timezone(session) == "Asia/Shanghai"
    assert not settings.timezone_is_set(session)


def test_people_live_in_dwellings_of_a_few_communities_and_every_grid_has_an_officer(session):
    actions.load_sample(SYSTEM, **SMALL)

    codes = session.scalars(select(Residence.grid_code)).all()
    assert len({code[:12] for code in codes}) == COMMUNITIES
    assert len(codes) == session.scalar(select(func.count(Resident.id))) > 500
    assert session.scalar(select(func.count()).where(Residence.place_id.is_(None))) == 0
    assert session.scalar(select(func.count(Duty.grid_id.distinct()))) == 30


def test_taking_it_away_leaves_nothing_and_it_can_be_loaded_again(session):
    actions.load_sample(SYSTEM, **SMALL)
    before = rows(session)

    gone = actions.remove_sample(SYSTEM)

    assert gone >= before["grids"] + before["incidents"] + before["places"]
    assert set(rows(session).values()) == {0}
    assert settings.timezone(session) == "UTC"
    actions.load_sample(SYSTEM, **SMALL)
    assert rows(session) == before


def test_it_is_not_loaded_twice(session):
    actions.load_sample(SYSTEM, **SMALL)

    with pytest.raises(SampleLoaded, match=r"30 grids, seed 5.*sample --remove"):
        actions.load_sample(SYSTEM, **SMALL)


def test_it_does_not_mix_with_imported_data_unasked(session, tmp_path):
    factories.import_chessboard(tmp_path, 2, 2)

    with pytest.raises(RealDataHere, match="sample --beside"):
        actions.load_sample(SYSTEM, **SMALL)
    actions.load_sample(SYSTEM, **SMALL, beside=True)

    actions.remove_sample(SYSTEM)
    assert rows(session)["grids"] == 4


def test_the_default_is_loaded_only_where_nothing_ever_was(session, monkeypatch):
    monkeypatch.setattr(actions.load_sample, "__kwdefaults__",
                        {**actions.load_sample.__kwdefaults__, **SMALL})  # fmt: skip
    lines = []

    assert actions.load_default(report=lines.append)
    assert not actions.load_default()
    actions.remove_sample(SYSTEM)
    assert not actions.load_default()
    assert "sample city: ready" in lines[-1]
    assert any("stored incidents (" in line for line in lines)


def test_the_command_loads_says_so_and_removes(session, run):
    loaded = run("sample", "--grids", 30, "--incidents", 400, "--seed", 5)
    again = run("sample")
    removed = run("sample", "--remove")
    nothing = run("sample", "--remove")

    assert loaded.exit_code == 0
    assert "30 grids, " in loaded.output
    assert again.exit_code == 1
    assert "is loaded already" in again.output
    assert "is gone" in removed.output
    assert nothing.output == "The sample city is not loaded.\n"
    assert run("sample", "--grids", 5).exit_code == 2
