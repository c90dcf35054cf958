"""Import pages: choose a file, say how to read it, look at it, bring it in, take it back."""

from dataclasses import dataclass, replace
from typing import Any

from flask import (
    Blueprint,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from gridmap.auth.current import current_actor, requires
from gridmap.auth.errors import NotAllowed
from gridmap.batches.errors import NoSuchBatch
from gridmap.batches.models import Batch
from gridmap.batches.queries import batch_by_id, newest_batches, sample_batches
from gridmap.batches.rejects import rejects_folder
from gridmap.core import city
from gridmap.core.actor import EVERYTHING
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.exchange import actions, forms, rights, uploads
from gridmap.exchange.forms import COLUMNS, EXTRAS, HINTS, LABELS, ImportForm
from gridmap.exchange.previews import sample_of
from gridmap.exchange.rejects import RejectPage, read_page
from gridmap.exchange.requests import ImportResult
from gridmap.exchange.uploads import KINDS, Upload
from gridmap.grids.locator import current_grids
from gridmap.intake import FileShape, guess_columns, inspect
from gridmap.intake.errors import UnknownFormat

blueprint = Blueprint("exchange", __name__, template_folder="templates")
FEWEST_COLUMNS = 2
"""A table of text with fewer can be none of the kinds."""


@blueprint.get("/import")
@requires("import")
def imports() -> ResponseReturnValue:
    """List imports, the newest first, beside the form for the next one."""
    return _imports_page(kind=request.args.get("kind", ""))


def _imports_page(*, kind: str, problem: str | None = None) -> str:
    number, actor = page_number(request.args.get("page")), current_actor()
    with transaction(actor) as session:
        found = newest_batches(session, limit=SIZE + 1, offset=(number - 1) * SIZE)
        zone = city.timezone(session)
        sample = bool(sample_batches(session))
        first, last = current_grids(session).in_scope(actor.narrow("", "import"))
    kinds = [other for other in KINDS if rights.may_bring(actor, other)]
    usual = [name for name in ("grids", "incidents") if name in kinds]
    usual = usual if first == last else usual[::-1]
    total = (number - 1) * SIZE + len(found)
    page = Page(number, total, lambda n: url_for("exchange.imports", page=n))
    return render_template(
        "exchange/imports.html",
        batches=found[:SIZE],
        page=page,
        zone=zone,
        kinds=kinds,
        chosen=kind or next(iter(usual), ""),
        problem=problem,
        sample=sample,
    )


@blueprint.post("/import")
@requires("import", "add")
def upload() -> ResponseReturnValue:
    """Keep an uploaded file and go on to its columns."""
    kind = request.form.get("kind", "")
    file = request.files.get("file")
    if file is None or not file.filename:
        sentence = gettext("Choose a file first.")
        return _imports_page(kind=kind, problem=sentence), 422
    if kind in KINDS and not rights.may_bring(current_actor(), kind):
        raise NotAllowed
    kept = uploads.keep(file, kind, owner=current_actor().name)
    try:
        shape = inspect(kept.path)
        if shape.format == "csv" and len(shape.headers) < FEWEST_COLUMNS:
            raise UnknownFormat(file=kept.file_name, what=N_("text without columns"))
    except GridmapError as problem:
        uploads.forget(kept)
        return _imports_page(kind=kind, problem=said(problem, kept)), 422
    return redirect(url_for("exchange.preview", token=kept.token), code=303)


@dataclass(frozen=True)
class Trouble:
    """Why a form was not taken: the sentence, and the field that it is about."""

    sentence: str
    field: str | None = None


def said(problem: GridmapError, kept: Upload) -> str:
    """Return an error's sentence with the file's own name in it, reasons translated too."""
    own = {kept.path.name: kept.file_name}
    sentence = problem.spoken(gettext, lambda value: own.get(str(value), value))
    return forms.in_words_of_the_page(sentence)


@blueprint.get("/import/<token>")
@requires("import", "add")
def preview(token: str) -> ResponseReturnValue:
    """Show the file's columns, and what was guessed of them."""
    kept = uploads.find(token, owner=current_actor().name)
    shape = inspect(kept.path)
    empty = forms.parse(kept.kind, {})
    columns, guesses = guess_columns(
        kept.kind, shape.headers, empty.columns, geometry=shape.geometry
    )
    form = replace(empty, columns=columns)
    return _preview_page(kept, shape, form, guessed={guess.field for guess in guesses})


@blueprint.post("/import/<token>")
@requires("import", "add")
def bring_in(token: str) -> ResponseReturnValue:
    """Check the file, or import it, as the form says."""
    kept = uploads.find(token, owner=current_actor().name)
    dry_run = request.form.get("do") != "import"
    form = forms.parse(kept.kind, {})
    try:
        form = forms.parse(kept.kind, request.form)
        result = actions.import_file(current_actor(), form.request(kept, dry_run=dry_run))
    except GridmapError as problem:
        if problem.status >= 500:
            raise
        shape = inspect(kept.path)
        trouble = Trouble(said(problem, kept), forms.field_at_fault(str(problem)))
        return _preview_page(kept, shape, form, trouble=trouble), problem.status
    if dry_run:
        return _preview_page(kept, inspect(kept.path), form, result=result)
    uploads.forget(kept)
    return redirect(url_for("exchange.batch", batch_id=result.batch), code=303)


def _preview_page(
    kept: Upload,
    shape: FileShape,
    form: ImportForm,
    *,
    guessed: set[str] | None = None,
    result: ImportResult | None = None,
    trouble: Trouble | None = None,
) -> str:
    examples = dict(zip(shape.headers, zip(*shape.sample, strict=True), strict=False))
    with transaction(current_actor()) as session:
        (version,) = city.versions(session, "grids")
        zone = city.timezone(session)
    return render_template(
        "exchange/preview.html",
        upload=kept,
        shape=shape,
        form=form,
        fields=COLUMNS[kept.kind],
        extras=EXTRAS[kept.kind],
        labels=LABELS,
        hints=HINTS,
        guessed=guessed or set(),
        examples=examples,
        result=result,
        problem=trouble.sentence if trouble else None,
        fault=trouble.field if trouble else None,
        grids_version=version,
        own=current_actor().prefixes(rights.class_of(kept.kind), "add"),
        places=current_actor().narrow(EVERYTHING),
        zone=zone,
    )


@blueprint.post("/import/<token>/sample.json")
@requires("import", "add")
def sample(token: str) -> ResponseReturnValue:
    """Return a sample of the file's points or borders, read as the form says."""
    kept = uploads.find(token, owner=current_actor().name)
    try:
        found = sample_of(kept, forms.parse(kept.kind, request.form))
    except GridmapError as problem:
        if problem.status >= 500:
            raise
        return jsonify(error={"code": problem.code, "message": said(problem, kept)}), problem.status
    return jsonify(found.as_json())


@blueprint.post("/import/<token>/forget")
@requires("import", "add")
def forget(token: str) -> ResponseReturnValue:
    """Throw an uploaded file away."""
    uploads.forget(uploads.find(token, owner=current_actor().name))
    return redirect(url_for("exchange.imports"), code=303)


@blueprint.get("/import/batches/<int:batch_id>")
@requires("import")
def batch(batch_id: int) -> ResponseReturnValue:
    """Show what became of one import."""
    return _batch_page(batch_id)


def _batch_page(batch_id: int, *, problem: str | None = None) -> str:
    number = page_number(request.args.get("page"))
    reason = request.args.get("reason", "")
    with transaction(current_actor()) as session:
        found = batch_by_id(session, batch_id)
        if found is None:
            raise NoSuchBatch(batch=batch_id)
        zone = city.timezone(session)
    rejects = _rejects(found, reason, number)
    page = Page(
        number,
        rejects.total if rejects else 0,
        lambda n: url_for("exchange.batch", batch_id=batch_id, page=n, reason=reason or None),
    )
    return render_template(
        "exchange/batch.html",
        batch=found,
        zone=zone,
        rejects=rejects,
        reason=reason,
        page=page,
        notes=[_said_note(note) for note in found.notes],
        labels=LABELS,
        may_undo=current_actor().may("import", "erase", at=found.grid_code),
        problem=problem,
    )


def _rejects(batch: Batch, reason: str, number: int) -> RejectPage | None:
    file = batch.rejects_file
    if file is None or not actions.may_see_rejects(current_actor(), batch):
        return None
    path = rejects_folder() / file
    if not path.is_file():
        return None
    return read_page(path, reason=reason, offset=(number - 1) * SIZE, limit=SIZE)


def _said_note(note: dict[str, Any]) -> str:
    sentence: str = gettext(note["message"])
    fields: dict[str, object] = note.get("fields", {})
    return sentence % fields


@blueprint.get("/import/batches/<int:batch_id>/rejects.csv")
@requires("import")
def rejects_csv(batch_id: int) -> ResponseReturnValue:
    """Return the rejected rows as a file."""
    with transaction(current_actor()) as session:
        path = actions.rejects_path(session, current_actor(), batch_id)
    return send_file(
        path, mimetype="text/csv", as_attachment=True, download_name=f"rejects_{batch_id}.csv"
    )


@blueprint.post("/import/batches/<int:batch_id>/undo")
@requires("import", "erase")
def undo(batch_id: int) -> ResponseReturnValue:
    """Take one import back whole."""
    try:
        actions.undo_import(current_actor(), batch_id)
    except GridmapError as problem:
        if problem.status != 409:
            raise
        return _batch_page(batch_id, problem=problem.spoken(gettext)), 409
    return redirect(url_for("exchange.batch", batch_id=batch_id), code=303)
