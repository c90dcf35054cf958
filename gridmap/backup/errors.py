"""What can go wrong with a backup."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class BackupExists(GridmapError):
    """The file is there already."""

    status = 422
    code = "backup_exists"
    message = N_("%(file)s is there already. Name another file; a backup is never written over.")


class NoBackup(GridmapError):
    """The file is no backup of ours."""

    status = 422
    code = "no_backup"
    message = N_("%(file)s is no backup that this program can read. Nothing was changed.")


class WrongBackupKey(GridmapError):
    """It was encrypted with another key or passphrase."""

    status = 422
    code = "wrong_backup_key"
    message = N_(
        "%(file)s was encrypted with another key or passphrase. Bring the key `backup` of the "
        "installation that made it, or name the file of its passphrase. Nothing was changed."
    )


class BackupDamaged(GridmapError):
    """It was cut or changed."""

    status = 422
    code = "backup_damaged"
    message = N_("%(file)s was cut or changed: %(why)s. Take another backup; nothing was changed.")


class BackupTooNew(GridmapError):
    """A newer program made it."""

    status = 422
    code = "backup_too_new"
    message = N_(
        "%(file)s has revision %(found)s, this program knows %(head)s. Use the program that made "
        "it, or a newer one; nothing was changed."
    )


class BackupIncomplete(GridmapError):
    """What was written is not what the database holds."""

    status = 500
    code = "backup_incomplete"
    message = N_("The backup was thrown away: it does not hold what the database holds. %(why)s")


class NotEmpty(GridmapError):
    """There is something that a restore would mix with."""

    status = 409
    code = "restore_not_empty"
    message = N_(
        "%(what)s is not empty. Restore into a new home or a database that was never used; "
        "nothing was changed."
    )


class KeysMissing(GridmapError):
    """The keys of the backup are not here."""

    status = 409
    code = "keys_missing"
    message = N_(
        "These keys of the backup are missing here or are others: %(keys)s. Restore them first: "
        "`script/gridmap restore --keys FILE`. Nothing was changed."
    )


class DumpFailed(GridmapError):
    """A program of PostgreSQL ended with an error."""

    status = 500
    code = "dump_failed"
    message = N_("%(program)s failed: %(why)s")
