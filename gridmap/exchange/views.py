"""Import pages."""

from flask import Blueprint

blueprint = Blueprint("exchange", __name__, template_folder="templates")


@blueprint.get("/import")
def imports() -> str:
    """List imports."""
    return ""


@blueprint.get("/import/batches/<int:batch_id>")
def batch(batch_id: int) -> str:
    """Show one import."""
    return str(batch_id)
