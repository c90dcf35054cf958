"""The one register of what is held on people: each column, what for, on which basis, how long.

A test compares it with the database: a column of a table with a person in it that is missing here
fails the build. The page "What we hold and why" is made of it.
"""

from dataclasses import dataclass

from gridmap.core.i18n import N_


@dataclass(frozen=True)
class Kept:
    """How long a column is kept, with the days of the rule that holds in the city.

    Attributes:
        words: with `days` in them, where there is a rule.
        rule: of retention, or 'jobs'; '' where nothing but its owner's end takes it away.
    """

    words: str
    rule: str = ""


SERVICE = N_("Public task of the grid service: knowing who lives where, to reach and to serve them")
DUTY = N_("Public task: who is responsible for which grid")
WORK = N_("Public task: the work that a case stands for")
SECURITY = N_("Legal duty to secure personal data, and to be able to say who used it")
RIGHTS = N_("Legal duty to show that rights of people were granted")

MASKED = N_(
    "Masked: coordinators, field staff, mediators, clerks of the grid. In full: coordinators, "
    "mediators and clerks, for a purpose that is recorded"
)
STAFF_SEE = N_("Everybody who may see residents of the area")
ACCOUNTS_SEE = N_("The account itself; administrators; nobody sees secrets")
AUDITORS = N_("Auditors of the area")
NOBODY = N_("Nobody: the program compares it")

WHILE_HERE = Kept(N_("Until %(days)s days after the last residence ended"), "moved_out")
LIVED = Kept(N_("Until %(days)s days after the residence ended"), "old_residences")
CORRECTED = Kept(N_("%(days)s days after the correction"), "old_versions")
EMPLOYED = Kept(N_("Until %(days)s days after leaving"), "staff_left")
ON_DUTY = Kept(N_("Until %(days)s days after the duty ended"), "old_duties")
ACCOUNT = Kept(N_("As long as the account"))
SESSIONS_KEPT = Kept(N_("A month after the session ended"))
TRIES = Kept(N_("An hour after the last try; it goes at the next one of anybody"))
CASES_SEE = N_("Everybody who may see cases of the grid")
CASES_KEPT = Kept(N_("As long as the case"))
RECORD = Kept(N_("As long as the record: erasing its old rows is not built yet"))
IMPORTS = Kept(N_("As long as the list of imports"))
FOREVER = Kept(N_("As long as the register: it shows what was erased"))
JOBS_KEPT = Kept(N_("%(days)s days after it ended, also if it failed"), "jobs")


@dataclass(frozen=True)
class Holding:
    """One column that says something of a person.

    Attributes:
        column: schema (if not public), table and column.
        what: in words.
        purpose: what it is needed for.
        basis: the legal basis.
        kind: identity, contact, home, text, work, account or record.
        seen_by: who sees it.
        kept: how long.
        encrypted: by the program, before it reaches the database.
    """

    column: str
    what: str
    purpose: str
    basis: str
    kind: str
    seen_by: str
    kept: Kept
    encrypted: bool = False


def _person(table: str, kept: Kept) -> tuple[Holding, ...]:
    """Return the texts of a person, in the register or in its history."""
    return (
        Holding(f"{table}.name", N_("Name"), N_("Addressing a person, telling people apart"),
                SERVICE, "identity", MASKED, kept, encrypted=True),
        Holding(f"{table}.identity", N_("Identity number"),
                N_("Being sure that two records are one person"),
                SERVICE, "identity", MASKED, kept, encrypted=True),
        Holding(f"{table}.phone", N_("Telephone number"), N_("Reaching a person"),
                SERVICE, "contact", MASKED, kept, encrypted=True),
        Holding(f"{table}.note", N_("Note"), N_("What a service needs to know"),
                SERVICE, "text", MASKED, kept, encrypted=True),
    )  # fmt: skip


def _index(column: str, what: str) -> Holding:
    return Holding(f"residents.{column}", what, N_("Finding a person by a complete name or number"),
                   SERVICE, "identity", NOBODY, WHILE_HERE, encrypted=True)  # fmt: skip


HOLDINGS = (
    *_person("residents", WHILE_HERE),
    _index("name_index", N_("Keyed index of the name")),
    _index("identity_index", N_("Keyed index of the identity number")),
    _index("phone_index", N_("Keyed index of the telephone number")),
    Holding("residents.grid_code", N_("Grid in which a person lives"),
            N_("Deciding who may see the record"), SERVICE, "home", MASKED, WHILE_HERE),
    *_person("resident_versions", CORRECTED),
    Holding("resident_versions.replaced_by", N_("Who corrected it"), N_("Answering for changes"),
            SECURITY, "record", N_("Coordinators, in an export for the person"), CORRECTED),
    Holding("residences.place_id", N_("Dwelling"), N_("Knowing who lives where"),
            SERVICE, "home", MASKED, LIVED),
    Holding("residences.detail", N_("Staircase, door"), N_("Finding the door"),
            SERVICE, "home", MASKED, LIVED, encrypted=True),
    Holding("residences.geom", N_("Point of the dwelling"), N_("Linking to a grid"),
            SERVICE, "home", N_("Nobody; pages show the dwelling and the grid"), LIVED),
    Holding("residences.grid_code", N_("Grid of the dwelling"), N_("Counting people, scope"),
            SERVICE, "home", MASKED, LIVED),
    Holding("residences.kind", N_("Registered, resident or temporary"),
            N_("Counting people where they live"), SERVICE, "home", MASKED, LIVED),
    Holding("residences.valid", N_("From when to when"), N_("Counting people by day"),
            SERVICE, "home", MASKED, LIVED),
    Holding("residences.source_id", N_("Keyed index of the row of a file"),
            N_("Not bringing the same row in twice"), SERVICE, "identity", NOBODY, LIVED,
            encrypted=True),
    Holding("erased_rows.source_id", N_("Keyed index of a row that brought an erased person"),
            N_("Not bringing an erased person in again"), RIGHTS, "identity", NOBODY, FOREVER,
            encrypted=True),
    Holding("staff.name", N_("Name of a member of staff"), N_("Knowing who looks after a grid"),
            DUTY, "work", STAFF_SEE, EMPLOYED, encrypted=True),
    Holding("staff.phone", N_("Telephone number of a member of staff"), N_("Reaching them"),
            DUTY, "contact", N_("Masked: everybody who may see residents of the area"), EMPLOYED,
            encrypted=True),
    Holding("staff.number", N_("Number of the service"), N_("Telling staff apart"),
            DUTY, "work", STAFF_SEE, EMPLOYED),
    Holding("staff.account_id", N_("Account of a member of staff"), N_("Giving work to somebody"),
            DUTY, "account", NOBODY, EMPLOYED),
    Holding("staff.grid_code", N_("Area to which they belong"), N_("Deciding who may see it"),
            DUTY, "work", STAFF_SEE, EMPLOYED),
    Holding("staff.left_on", N_("Day of leaving"), N_("Erasing in time"),
            DUTY, "work", STAFF_SEE, EMPLOYED),
    Holding("duties.grid_code", N_("Grid that somebody looks after"), N_("Reaching who is on duty"),
            DUTY, "work", STAFF_SEE, ON_DUTY),
    Holding("duties.valid", N_("From when to when"), N_("Knowing who was on duty"),
            DUTY, "work", STAFF_SEE, ON_DUTY),
    Holding("disposals.subject_id", N_("Number of an erased person"),
            N_("Erasing again after a restored backup"), RIGHTS, "record", AUDITORS, FOREVER),
    Holding("disposals.reason", N_("Why it was erased"), N_("Answering for it"),
            RIGHTS, "record", AUDITORS, FOREVER),
    Holding("disposals.actor", N_("Who erased"), N_("Answering for it"),
            RIGHTS, "record", AUDITORS, FOREVER),
    Holding("audit_events.actor", N_("Account that did or saw something"), N_("Answering for it"),
            SECURITY, "record", AUDITORS, RECORD),
    Holding("audit_events.account_id", N_("Its number"), N_("Answering for it"),
            SECURITY, "record", AUDITORS, RECORD),
    Holding("audit_events.roles", N_("Roles at that moment"), N_("Telling right from wrong use"),
            SECURITY, "record", AUDITORS, RECORD),
    Holding("audit_events.scope", N_("Scope at that moment"), N_("Telling right from wrong use"),
            SECURITY, "record", AUDITORS, RECORD),
    Holding("audit_events.subject_id", N_("Number of the person or thing looked at"),
            N_("Telling a person who looked"), SECURITY, "record", AUDITORS, RECORD),
    Holding("audit_events.purpose", N_("What for, as the account said it"),
            N_("Telling right from wrong use"), SECURITY, "record", AUDITORS, RECORD),
    Holding("audit_events.address", N_("Address of the machine"), N_("Finding misuse"),
            SECURITY, "record", AUDITORS, RECORD),
    Holding("audit_events.detail", N_("Counts and reasons"), N_("Answering for it"),
            SECURITY, "record", AUDITORS, RECORD),
    Holding("batches.actor", N_("Account that imported"), N_("Answering for it"),
            SECURITY, "record", N_("Everybody who may see imports of the area"), IMPORTS),
    Holding("cases.title", N_("What a case is called"), N_("Doing the work"),
            WORK, "text", CASES_SEE, CASES_KEPT),
    Holding("cases.place_given", N_("Place of a case in words"), N_("Finding the place"),
            WORK, "text", CASES_SEE, CASES_KEPT),
    Holding("cases.fields", N_("What is asked about a case of its kind"), N_("Doing the work"),
            WORK, "text", CASES_SEE, CASES_KEPT),
    Holding("cases.holder_id", N_("Account that has a case"), N_("Knowing who acts"),
            WORK, "work", CASES_SEE, CASES_KEPT),
    Holding("cases.holder_name", N_("Name of that account"), N_("Knowing who acts"),
            WORK, "work", CASES_SEE, CASES_KEPT),
    Holding("cases.opened_by", N_("Account that opened a case"), N_("Answering for it"),
            WORK, "work", CASES_SEE, CASES_KEPT),
    Holding("case_events.actor", N_("Account that did a step"), N_("Answering for it"),
            WORK, "work", CASES_SEE, CASES_KEPT),
    Holding("case_events.note", N_("Note on a step"), N_("Doing the work"),
            WORK, "text", CASES_SEE, CASES_KEPT),
    Holding("case_events.changes", N_("What a step changed"), N_("Answering for it"),
            WORK, "text", CASES_SEE, CASES_KEPT),
    Holding("case_events.before", N_("What an undo puts back"), N_("Mending a mistake"),
            WORK, "text", NOBODY, CASES_KEPT),
    Holding("auth.accounts.name", N_("Name of an account"), N_("Signing in"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.accounts.display_name", N_("How the account is shown"), N_("Knowing who acts"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.accounts.password_hash", N_("Hash of the password"), N_("Signing in"),
            SECURITY, "account", NOBODY, ACCOUNT),
    Holding("auth.accounts.totp_secret", N_("Secret of the second factor"), N_("Signing in"),
            SECURITY, "account", NOBODY, ACCOUNT, encrypted=True),
    Holding("auth.accounts.totp_pending", N_("Secret of a second factor that is being set up"),
            N_("Signing in"), SECURITY, "account", NOBODY, ACCOUNT, encrypted=True),
    Holding("auth.accounts.language", N_("Language of the pages"), N_("Showing pages"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.recovery_codes.code_hash", N_("Hash of a recovery code"), N_("Signing in"),
            SECURITY, "account", NOBODY, ACCOUNT),
    Holding("auth.attempts.key", N_("Account or address of failed log-ins"),
            N_("Stopping guesses"), SECURITY, "account", NOBODY, TRIES),
    Holding("jobs.actor", N_("Account that asked for work in the background"),
            N_("Answering for it"), SECURITY, "record",
            N_("Administrators and auditors; the account itself"), JOBS_KEPT),
    Holding("auth.accounts.external_id", N_("Number at the sign-in service"), N_("Signing in"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.accounts.lock_reason", N_("Why the account is locked"), N_("Safe accounts"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.grants.prefixes", N_("Scope of a role"), N_("Deciding what somebody may see"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.grants.role", N_("Role"), N_("Deciding what somebody may see"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.grants.granted_by", N_("Who gave the role"), N_("Answering for it"),
            SECURITY, "account", ACCOUNTS_SEE, ACCOUNT),
    Holding("auth.sessions.address", N_("Address of the machine"), N_("Ending foreign sessions"),
            SECURITY, "account", ACCOUNTS_SEE, SESSIONS_KEPT),
    Holding("auth.sessions.agent", N_("Name of the browser"), N_("Ending foreign sessions"),
            SECURITY, "account", ACCOUNTS_SEE, SESSIONS_KEPT),
)  # fmt: skip

TECHNICAL = {
    "residents": "id version key_number batch_id changed_at",
    "resident_versions": "id resident_id version key_number grid_code replaced_at",
    "residences": "id resident_id source key_number code_given grid_id batch_id",
    "staff": "id version key_number batch_id changed_at",
    "duties": "id staff_id grid_id",
    "erased_rows": "source erased_at grid_code",
    "disposals": "id at rule table_name rows grid_code",
    "audit_events": "id at action subject_type outcome grid_code class xid",
    "batches": "id kind file_name file_hash source is_sample mapping counts notes started_at "
               "finished_at undone_at rejects_file grid_code",
    "auth.accounts": "id kind password_changed_at must_change_password locked_at "
                     "totp_confirmed_at totp_last_step created_at",
    "auth.grants": "id account_id valid_from valid_to stands_in_for",
    "auth.recovery_codes": "account_id used_at",
    "auth.attempts": "times touched_at",
    "cases": "id code kind state outcome priority source category_id incident_id geom grid_id "
             "grid_code held_since opened_at moved_at closed_at due_at duplicate_of version",
    "case_events": "id case_id grid_code at account_id step from_state to_state version key "
                   "undone_at",
    "jobs": "id kind arguments key state account_id second_factor most_attempts attempts "
            "queued_at run_after started_at finished_at worker lease_until cancel_asked "
            "progress_done progress_total doing error result",
    "auth.sessions": "id account_id token_hash kind opened_at seen_at expires_at idle "
                     "second_factor ended_at",
}  # fmt: skip
"""Columns of tables with a person in them that say nothing of the person by themselves."""

KIND_NAMES = {
    "identity": N_("Who somebody is"),
    "contact": N_("How somebody is reached"),
    "home": N_("Where somebody lives"),
    "text": N_("Free text"),
    "work": N_("Work"),
    "account": N_("Accounts"),
    "record": N_("Record"),
}

NEVER = N_(
    "Religion, ethnicity, political opinion, health and convictions are not held: no table has a "
    "column for them."
)


def table_of(column: str) -> str:
    """Return the table of a registered column."""
    return column.rpartition(".")[0]
