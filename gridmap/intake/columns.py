"""Which column holds what: guessed from its header where that is unambiguous."""

from collections.abc import Sequence
from dataclasses import fields, replace

from gridmap.core.i18n import N_
from gridmap.intake.errors import MissingColumn
from gridmap.intake.headers import find_header, fold, listed
from gridmap.intake.rows import Columns, Guess

_WORDS: dict[str, tuple[str, ...]] = {
    "x": (
        "x", "lon", "lng", "long", "longitude", "easting", "xcoord", "xcoordinate", "coordx",
        "coordinatex", "pointx", "x坐标", "坐标x", "横坐标", "经度", "东经", "lon84", "lngwgs84",
        "wgs84lon", "wgs84lng",
    ),
    "y": (
        "y", "lat", "latitude", "northing", "ycoord", "ycoordinate", "coordy", "coordinatey",
        "pointy", "y坐标", "坐标y", "纵坐标", "纬度", "北纬", "lat84", "latwgs84", "wgs84lat",
    ),
    "geometry": ("wkt", "geom", "geometry", "thegeom", "wktgeom", "geomwkt", "shapewkt", "几何"),
    "grid_code": (
        "gridcode", "grid", "gridid", "gridno", "cell", "cellid", "cellcode", "网格编码",
        "网格编号", "网格代码", "网格号", "所属网格", "网格", "所属网格编码", "单元网格编码",
        "areacode",
    ),
    "address": (
        "address", "addr", "fulladdress", "streetaddress", "地址", "详细地址", "发生地址", "地点",
        "发生地点", "案发地址", "案发地点", "事发地点", "事发地址", "标准地址",
    ),
    "time": (
        "time", "date", "datetime", "occurred", "occurredat", "occurredon", "occurredfrom",
        "occurrencedate", "occurrencetime", "incidentdate", "incidenttime", "incidentdatetime",
        "eventdate", "eventtime", "offensedate", "offencedate", "crimedate", "starttime",
        "startdate", "datesingle", "timestamp", "发生时间", "发生日期", "案发时间", "案发日期",
        "事发时间", "事发日期", "时间", "日期", "发案时间", "接警时间", "报警时间", "上报时间",
    ),
    "time_end": (
        "timeend", "endtime", "enddate", "occurredto", "occurredend", "dateend", "datetimeend",
        "结束时间", "发生时间止", "案发时间止", "截止时间", "发生时间下限", "结束日期",
    ),
    "category": (
        "category", "type", "incidenttype", "eventtype", "crimetype", "offensetype",
        "offencetype", "primarytype", "offense", "offence", "kind", "class", "类别", "类型",
        "案件类别", "案件类型", "事件类别", "事件类型", "案别", "警情类别", "警情类型", "分类",
    ),
    "id": (
        "id", "uid", "uuid", "incidentid", "eventid", "caseid", "casenumber", "caseno", "recordid",
        "objectid", "reportno", "编号", "案件编号", "事件编号", "警情编号", "接警编号", "序列号",
        "唯一标识", "主键", "流水号",
    ),
    "name": (
        "name", "title", "label", "fullname", "名称", "设备名称", "网格名称", "区划名称", "地名",
        "姓名",
    ),
    "kind": (
        "kind", "type", "category", "class", "类型", "类别", "种类", "网格类型", "设备类型",
        "居住类型", "人口类型", "人员类型",
    ),
    "code": (
        "code", "gridcode", "gridid", "cellid", "areacode", "divisioncode", "adcode", "geoid",
        "编码", "代码", "编号", "网格编码", "网格编号", "网格代码", "区划代码", "行政区划代码",
        "统计用区划代码", "filename",
    ),
    "count": (
        "count", "n", "population", "pop", "persons", "people", "residents", "total",
        "totalpopulation", "人口", "人口数", "人数", "常住人口", "总人口", "实有人口",
    ),
    "dwellings": ("dwellings", "units", "households", "flats", "户数", "套数", "住户数"),
    "status": ("status", "state", "condition", "状态", "设备状态", "运行状态"),
    "identity": (
        "identity", "identitynumber", "idnumber", "idcard", "idcardnumber", "identityno", "身份证",
        "身份证号", "身份证号码", "公民身份号码", "证件号码", "证件号",
    ),
    "phone": (
        "phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "电话", "手机",
        "手机号", "手机号码", "联系电话", "电话号码", "联系方式",
    ),
    "detail": (
        "detail", "addressdetail", "room", "flat", "door", "unit", "门牌", "房号", "室号", "房间号",
        "门牌号",
    ),
    "note": ("note", "notes", "remark", "remarks", "备注", "说明"),
    "since": (
        "since", "from", "movein", "moveindate", "startdate", "入住日期", "入住时间", "迁入日期",
        "居住起始日期", "登记日期",
    ),
    "until": (
        "until", "to", "moveout", "moveoutdate", "enddate", "迁出日期", "离开日期", "搬离日期",
    ),
}  # fmt: skip

_WANTED: dict[str, tuple[str, ...]] = {
    "divisions": ("code", "name", "kind", "geometry"),
    "grids": ("code", "name", "kind", "geometry"),
    "incidents": ("x", "y", "grid_code", "address", "time", "time_end", "category", "id"),
    "places": ("x", "y", "grid_code", "address", "id", "name", "kind", "dwellings"),
    "resources": ("x", "y", "grid_code", "address", "id", "name", "kind", "status"),
    "population": ("grid_code", "count", "x", "y"),
    "residents": (
        "x",
        "y",
        "grid_code",
        "address",
        "id",
        "name",
        "identity",
        "phone",
        "detail",
        "note",
        "kind",
        "since",
        "until",
    ),
}
_FIXED = {"code_format", "time_format", "tz", "category_value", "source"}
COLUMN_FIELDS = tuple(f.name for f in fields(Columns) if f.name not in _FIXED)
OPTIONS = {name: "--" + name.replace("_", "-") for name in COLUMN_FIELDS}


def guess_columns(
    kind: str, headers: Sequence[str], given: Columns, *, geometry: bool = False
) -> tuple[Columns, list[Guess]]:
    """Fill in the columns that were not named, for one kind of import.

    A field is guessed when exactly one free header is a usual word for it; a column is used once.
    x and y are guessed together or not at all, and not when the user names another way to locate
    a row.

    Args:
        kind: divisions, grids, incidents, places, resources, population or residents.
        headers: of the file.
        given: what the user named; always kept.
        geometry: whether the file's rows carry geometries of their own.

    Returns:
        The columns, and what of them was guessed.
    """
    taken = {getattr(given, name) for name in COLUMN_FIELDS} - {None}
    found: dict[str, str] = {}
    for name in _WANTED[kind]:
        if getattr(given, name) is not None or _is_superfluous(name, given, geometry, kind):
            continue
        alike = [h for h in headers if h not in taken and fold(h) in _WORDS[name]]
        if len(alike) == 1:
            found[name] = alike[0]
            taken.add(alike[0])
    for one, other in (("x", "y"), ("y", "x")):
        if one in found and other not in found and getattr(given, other) is None:
            del found[one]
    return replace(given, **found), [Guess(name, column) for name, column in found.items()]


def _is_superfluous(name: str, given: Columns, geometry: bool, kind: str) -> bool:
    """Tell whether a field needs no guess, because what is known says as much already."""
    if name == "category":
        return given.category_value is not None
    if name in {"x", "y"}:
        other = given.y if name == "x" else given.x
        by_address = kind in {"incidents", "residents"} and given.address is not None
        elsewhere = geometry or given.grid_code is not None or by_address
        return other is None and elsewhere
    if name == "geometry":
        return geometry
    return name == "grid_code" and given.address is not None


def resolve(
    file: str, columns: Columns, headers: Sequence[str], repeated: Sequence[str]
) -> Columns:
    """Replace the names that the user gave by the headers that they mean.

    Raises:
        NoSuchColumn: a named column is not in the file.
        AmbiguousHeader: several columns bear the name.
    """
    named = {name: getattr(columns, name) for name in COLUMN_FIELDS}
    known = {
        name: find_header(file, value, headers, repeated)
        for name, value in named.items()
        if value is not None
    }
    return replace(columns, **known)


_MEANINGS = {
    "x": N_("longitude or easting"),
    "y": N_("latitude or northing"),
    "grid_code": N_("the code of the grid"),
    "time": N_("the time"),
    "category": N_("the category"),
    "code": N_("the code"),
    "count": N_("the number of people"),
    "geometry": N_("the border"),
    "name": N_("the name of the person"),
}


def required(file: str, columns: Columns, field: str, headers: Sequence[str]) -> str:
    """Return the column of a field that cannot be done without.

    Raises:
        MissingColumn: it was neither named nor recognised.
    """
    column: str | None = getattr(columns, field)
    if column is None:
        raise MissingColumn(
            file=file, what=_MEANINGS[field], option=OPTIONS[field], headers=listed(headers)
        )
    return column
