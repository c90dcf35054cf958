"""How numbers, dates and shares are written, in both languages (docs: UI, Words)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import gettext

from gridmap.web.language import language

MINUS, EN_DASH, EM_DASH, NO_BREAK = "\u2212", "\u2013", "\u2014", "\u00a0"


def init_app(app: Flask) -> None:
    """Offer all of these as filters."""
    app.jinja_env.filters.update(
        number=number,
        percent=percent,
        change=change,
        day=day,
        day_range=day_range,
        span=span,
        moment=moment,
        stamp=stamp,
        month_letter=month_letter,
        seconds=seconds,
        figures=figures,
    )


def number(value: float | None, decimals: int = 0) -> str:
    """Return 45,308 or −3.2; an empty string for None."""
    if value is None:
        return ""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, pattern, locale=language()).replace("-", MINUS)


def figures(value: float | None, count: int = 3) -> str:
    """Return a rate with `count` significant figures: 0.0123, 4.56, 1,230."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    decimals = max(0, count - 1 - _magnitude(abs(value)))
    return number(round(value, decimals), decimals)


def _magnitude(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def percent(share: float | None, decimals: int = 0) -> str:
    """Return 3.8% for 0.038."""
    return "" if share is None else number(100 * share, decimals) + "%"


def change(now: int, before: int) -> str:
    """Return −8% or +12%; what cannot be a share is said in words."""
    if before == 0:
        return str(gettext("new") if now else gettext("none"))
    share = round(100 * (now - before) / before)
    return ("+" if share > 0 else "") + number(share) + "%"


def day(value: date | None) -> str:
    """Return 3 Jan 2017 or 2017年1月3日."""
    if value is None:
        return ""
    return format_date(value, "y年M月d日" if _chinese() else "d MMM y", locale=language())


def day_range(first: date, after: date) -> str:
    """Return a half-open range with its last day included: 25–31 Dec 2016."""
    last = after - timedelta(days=1)
    if first >= last:
        return day(first)
    return _chinese_range(first, last) if _chinese() else _english_range(first, last)


def span(first: date, after: date) -> str:
    """Return a whole year or month by its name, any other range as `day_range` does."""
    if (first.month, first.day, after.month, after.day) == (1, 1, 1, 1):
        if after.year == first.year + 1:
            return f"{first.year}年" if _chinese() else str(first.year)
    elif first.day == after.day == 1 and (after - first).days <= 31:
        return format_date(first, "y年M月" if _chinese() else "MMM y", locale=language())
    return day_range(first, after)


def _english_range(first: date, last: date) -> str:
    end = format_date(last, "d MMM y", locale="en")
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{EN_DASH}{end}"
    pattern = "d MMM" if first.year == last.year else "d MMM y"
    return f"{format_date(first, pattern, locale='en')} {EN_DASH} {end}"


def _chinese_range(first: date, last: date) -> str:
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.year}年{first.month}月{first.day}{EM_DASH}{last.day}日"
    start = f"{first.year}年{first.month}月{first.day}日"
    end = f"{last.month}月{last.day}日"
    return start + EM_DASH + (end if first.year == last.year else f"{last.year}年{end}")


def moment(value: datetime | None, zone: str = "UTC") -> str:
    """Return 2 Jan 2017 06:10 by the city's clock."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone))
    pattern = "y年M月d日 HH:mm" if _chinese() else "d MMM y HH:mm"
    return format_datetime(local, pattern, locale=language())


def stamp(value: datetime, zone: str = "UTC") -> str:
    """Return 2017-01-03 14:20 by the city's clock, for tables."""
    return f"{value.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def month_letter(value: date) -> str:
    """Return the shortest name of a month, for the foot of a chart."""
    return str(value.month) if _chinese() else format_date(value, "MMMMM", locale="en")


def seconds(value: float) -> str:
    """Return 1.8 s with a space that does not break."""
    decimals = 0 if value >= 10 else 1
    return number(value, decimals) + NO_BREAK + ("秒" if _chinese() else "s")


def _chinese() -> bool:
    return language().startswith("zh")
