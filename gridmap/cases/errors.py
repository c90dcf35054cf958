"""What can go wrong with cases."""

from gridmap.core.errors import GridmapError, NotFound
from gridmap.core.i18n import N_


class BadDeclaration(GridmapError):
    """The file that declares a kind of case cannot be read, or contradicts itself."""

    status = 500
    code = "bad_declaration"
    message = N_("The declaration %(where)s cannot be used: %(why)s.")


class NoSuchStep(GridmapError):
    """There is no such transition out of the case's state."""

    status = 409
    code = "no_such_step"
    message = N_(
        "Case %(case)s is %(state)s: this step cannot be made from there. Look at it again; "
        "somebody may have moved it meanwhile."
    )


class StepNotYours(GridmapError):
    """No role of the actor at this place may make the step."""

    status = 403
    code = "step_not_yours"
    message = N_("This step of case %(case)s is made by: %(who)s.")


class StepIncomplete(GridmapError):
    """The step asks for something that was not given."""

    status = 422
    code = "step_incomplete"
    message = N_("Case %(case)s was not moved: %(field)s is missing. Fill it in and try again.")


class BadValue(GridmapError):
    """A field of the case has a value that does not fit."""

    status = 422
    code = "bad_value"
    message = N_("%(field)s cannot be %(value)s: %(why)s")


class CaseMoved(GridmapError):
    """Somebody changed the case after the actor looked at it."""

    status = 409
    code = "case_moved"
    message = N_(
        "Case %(case)s was changed meanwhile (%(what)s). Look at it again; nothing of yours was "
        "stored."
    )


class NotUndoable(GridmapError):
    """The last thing that happened to the case cannot be taken back by this actor."""

    status = 409
    code = "not_undoable"
    message = N_(
        "The last step of case %(case)s cannot be taken back here. Whoever made it, or a "
        "coordinator, can, as long as nothing came after it."
    )


class ElsewhereReported(NotFound):
    """The point of a new case lies in a grid of others."""

    code = "elsewhere_reported"
    message = N_(
        "This point lies in no grid of yours. Report it to whoever looks after that place."
    )
