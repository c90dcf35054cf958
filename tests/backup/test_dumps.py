"""A dump holds every row, or is thrown away: a policy hides rows without an error."""

import pytest

from gridmap.audit.actions import record
from gridmap.backup import actions, dumps
from gridmap.backup.actions import Server
from gridmap.backup.cipher import KEY, Secret
from gridmap.backup.dumps import Programs
from gridmap.backup.errors import BackupIncomplete
from gridmap.cluster.installation import find_installation
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction

SECRET = Secret(KEY, bytes(32))


@pytest.fixture
def server(fresh_database, test_cluster):
    found = find_installation(int(test_cluster.layout.major()))
    programs = Programs(found.program("pg_dump"), found.program("pg_restore"))
    with transaction(SYSTEM) as session:
        record(session, SYSTEM, "trial.done", subject=("trial", 1), words="a\tb\n\\. and COPY x (")
    owner = fresh_database["owner"].replace("postgresql+psycopg2", "postgresql")
    return Server(owner, fresh_database["postgres"], programs)


def test_every_row_is_in_the_dump(server, tmp_path):
    manifest = actions.take(tmp_path / "b", SECRET, server, tmp_path)

    assert manifest["counts"]["public.audit_events"] == 2
    assert manifest["counts"]["public.audit_seals"] == 1
    assert manifest["counts"]["public.categories"] > 10
    assert "auth.installation" not in manifest["counts"]
    assert actions.read(tmp_path / "b", SECRET, actions.INSTALLATION) == manifest | {
        "parts": actions.read(tmp_path / "b", SECRET, actions.INSTALLATION)["parts"]
    }


def test_a_dump_that_a_policy_silenced_is_thrown_away(server, tmp_path, monkeypatch):
    monkeypatch.setattr(dumps, "system_token", lambda: "nobodys")

    with pytest.raises(BackupIncomplete, match=r"audit_events: 0 of 2 rows"):
        actions.take(tmp_path / "b", SECRET, server, tmp_path)

    assert not (tmp_path / "b").exists()
