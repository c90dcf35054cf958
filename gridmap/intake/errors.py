"""Why a file cannot be read at all: one sentence each, with a way out."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class UnreadableFile(GridmapError):
    """The file as a whole cannot be used; nothing of it is stored."""

    status = 422
    code = "unreadable_file"
    message = N_("%(file)s cannot be read: %(why)s")


class NoSuchFile(UnreadableFile):
    """There is nothing at this path, or it is no ordinary file of this machine."""

    code = "no_such_file"
    message = N_("%(file)s is not a file on this machine. Check the path.")


class FileNotAllowed(UnreadableFile):
    """The system does not let us read it."""

    code = "file_not_allowed"
    message = N_("%(file)s may not be read by this user. Change its permissions or copy it.")


class EmptyFile(UnreadableFile):
    """There is no byte, or no row, in it."""

    code = "empty_file"
    message = N_("%(file)s has no rows. Export it again, with a header line and its rows.")


class NoHeader(UnreadableFile):
    """The first line holds values, not names."""

    code = "no_header"
    message = N_(
        "The first line of %(file)s holds values (%(line)s), not the names of columns. "
        "Put a header line above them."
    )


class UnknownFormat(UnreadableFile):
    """The bytes are none of the formats that are read."""

    code = "unknown_format"
    message = N_(
        "%(file)s is %(what)s, which is not read here. Save it as CSV, Excel (.xlsx), GeoJSON, "
        "GeoPackage, Shapefile (zipped or with its siblings) or Parquet."
    )


class DamagedFile(UnreadableFile):
    """The format is known, the content is broken."""

    code = "damaged_file"
    message = N_(
        "%(file)s looks like %(format)s but is damaged or incomplete (%(why)s). "
        "Export or copy it again."
    )


class TooLarge(UnreadableFile):
    """It would take more memory, columns or time than is given to one file."""

    code = "file_too_large"
    message = N_("%(file)s has %(what)s; the limit is %(limit)s. %(way_out)s")


class BadEncoding(UnreadableFile):
    """The bytes are no text in an encoding that we know."""

    code = "bad_encoding"
    message = N_(
        "%(file)s is neither UTF-8 nor GB18030 text. Save it as UTF-8, or name its encoding "
        "with --encoding."
    )


class NoSuchColumn(UnreadableFile):
    """A named column is not in the file."""

    code = "no_such_column"
    message = N_("There is no column %(column)s in %(file)s. It has: %(headers)s.")


class MisspeltColumn(NoSuchColumn):
    """A named column is not in the file, but one of nearly the same name is."""

    message = N_(
        "There is no column %(column)s in %(file)s. Is %(nearest)s meant? It has: %(headers)s."
    )


class MissingColumn(UnreadableFile):
    """Something that must be known was neither named nor recognised."""

    code = "missing_column"
    message = N_(
        "No column of %(file)s could be recognised as %(what)s. Name it with %(option)s. "
        "The file has: %(headers)s."
    )


class AmbiguousHeader(UnreadableFile):
    """Two columns bear the same name and one of them is needed."""

    code = "ambiguous_header"
    message = N_("%(file)s has several columns called %(column)s. Rename all but one.")


class NoSuchLayer(UnreadableFile):
    """The layer or sheet that was asked for is not there."""

    code = "no_such_layer"
    message = N_("There is no layer or sheet %(layer)s in %(file)s. It has: %(layers)s.")


class BadSystem(UnreadableFile):
    """A coordinate system that is unknown or that we refuse to convert."""

    code = "bad_coordinate_system"
    message = N_("The coordinate system %(crs)s cannot be used: %(why)s")


class NoSystem(UnreadableFile):
    """Projected numbers, and nobody says in which system."""

    code = "no_coordinate_system"
    message = N_(
        "The coordinates of %(file)s are no degrees (for example %(x)s, %(y)s) and it does not "
        "say in which system they are. Name it with --crs, for example --crs EPSG:32615."
    )


class SwappedAxes(UnreadableFile):
    """Longitudes and latitudes stand in each other's place."""

    code = "swapped_axes"
    message = N_(
        "In %(file)s the x column holds latitudes and the y column longitudes (for example "
        "%(x)s, %(y)s). Swap them: --x %(y_column)s --y %(x_column)s."
    )


class AmbiguousDates(UnreadableFile):
    """Day and month cannot be told apart, or the form is unknown."""

    code = "ambiguous_dates"
    message = N_(
        "The dates in column %(column)s of %(file)s can be read in more than one way (line "
        "%(line)s: %(value)s). Say how with --time-format, for example %(format)s."
    )


class UnknownDates(UnreadableFile):
    """Nothing in the column looks like a date that we know."""

    code = "unknown_dates"
    message = N_(
        "The times in column %(column)s of %(file)s are in no form that is recognised (line "
        "%(line)s: %(value)s). Say how to read them with --time-format, for example "
        "--time-format %(format)s."
    )


class TimesDoNotFit(UnreadableFile):
    """No time of the column can be read with the format that was given."""

    code = "times_do_not_fit"
    message = N_(
        "No time in column %(column)s of %(file)s fits --time-format %(format)s (line %(line)s: "
        "%(value)s). Correct the format, or leave it out when the form is a usual one."
    )


class BadOption(UnreadableFile):
    """An option that says how to read has a value that cannot be used."""

    code = "bad_option"
    message = N_("%(option)s %(value)s cannot be used: %(why)s")


class NoTimeZone(UnreadableFile):
    """Local times, and nobody says where."""

    code = "no_time_zone"
    message = N_(
        "The times in column %(column)s of %(file)s carry no offset. Name their zone with --tz, "
        "for example --tz Asia/Shanghai."
    )
