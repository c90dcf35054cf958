"""Invented names, each in Latin letters and in Chinese signs, in one text.

Names come from the data and are not translated, so a name carries both, as road signs in
China do: "Liuqiao 柳桥". It breaks into two lines at the space nearest to its middle.
"""

import numpy as np
import numpy.typing as npt

PROVINCE = "Canghai 沧海"
CITY = "Xinglan 星澜"
LAKE = "Mingjing Lake 明镜湖"
RIVER = "Lan River 澜江"
RAILWAY = "Canghai Railway 沧海铁路"
RINGS = {"inner ring": ("Inner Ring Road", "内环路"), "outer ring": ("Outer Ring Road", "外环路")}
AXES = {"axis 0": ("Xinglan Avenue", "星澜大道"), "axis 1": ("Bell Tower Avenue", "钟楼大道")}

_FIRST = (
    ("Liu", "柳"), ("He", "荷"), ("Zhu", "竹"), ("Song", "松"), ("Mei", "梅"), ("Gui", "桂"),
    ("Yun", "云"), ("Yue", "月"), ("Qing", "青"), ("Shi", "石"), ("Jin", "金"), ("Bai", "白"),
    ("Tao", "桃"), ("Lan", "兰"), ("Lu", "鹭"), ("Yan", "燕"), ("Ma", "马"), ("Long", "龙"),
    ("Zi", "紫"), ("Hong", "虹"), ("Chun", "春"), ("Qiu", "秋"), ("Feng", "枫"), ("Hua", "花"),
    ("Cha", "茶"), ("Mo", "墨"), ("Qin", "琴"), ("Shu", "书"), ("Gu", "鼓"), ("Zhong", "钟"),
    ("Dou", "豆"), ("Mi", "米"), ("Yin", "银"), ("Tong", "铜"), ("Bi", "碧"), ("Xue", "雪"),
    ("Lin", "麟"), ("Hai", "海"), ("Sang", "桑"), ("Wu", "梧"),
)  # fmt: skip
_SECOND = (
    ("qiao", "桥"), ("tang", "塘"), ("wan", "湾"), ("yuan", "园"), ("li", "里"), ("xi", "溪"),
    ("fang", "坊"), ("men", "门"), ("jing", "井"), ("ting", "亭"), ("bu", "埠"), ("du", "渡"),
    ("zhou", "洲"), ("po", "坡"), ("quan", "泉"), ("tai", "台"), ("gang", "港"), ("shan", "山"),
    ("ya", "崖"), ("pu", "浦"), ("lou", "楼"), ("ge", "阁"), ("dun", "墩"), ("ping", "坪"),
    ("chi", "池"), ("shu", "树"), ("tan", "潭"), ("ling", "岭"), ("jia", "家"), ("hu", "湖"),
)  # fmt: skip
_BEFORE = (("Dong", "东"), ("Xi", "西"), ("Nan", "南"), ("Bei", "北"), ("Shang", "上"),
           ("Xia", "下"), ("Xin", "新"), ("Lao", "老"))  # fmt: skip
RESERVED = {"云井", "松岭", "梅浦", "南渡"}
"""Names that districts bear."""


class NameMaker:
    """Gives out names of places, none twice."""

    def __init__(self, rng: np.random.Generator) -> None:
        plain = [(a + b, c + d) for a, c in _FIRST for b, d in _SECOND if c + d not in RESERVED]
        order = rng.permutation(len(plain))
        self._plain = [plain[i] for i in order]
        self._given = 0

    def next(self) -> tuple[str, str]:
        """Return a name in Latin letters and in Chinese signs."""
        turn, at = divmod(self._given, len(self._plain))
        self._given += 1
        latin, signs = self._plain[at]
        while turn > 0:
            turn, which = divmod(turn - 1, len(_BEFORE))
            before = _BEFORE[which]
            latin, signs = before[0] + latin.lower(), before[1] + signs
        return latin, signs


def join(latin: str, signs: str) -> str:
    """Return both parts of a name as one text."""
    return f"{latin} {signs}"


def street_name(name: tuple[str, str], rank: int) -> tuple[str, str]:
    """Return the name of a street of a rank: an avenue, a street, a road."""
    latin, signs = name
    kind = {1: ("Avenue", "大道"), 2: ("Street", "大街")}.get(rank, ("Road", "路"))
    return f"{latin} {kind[0]}", signs + kind[1]


def lane_name(name: tuple[str, str], number: int) -> tuple[str, str]:
    """Return the name of a lane: lanes of one neighbourhood are numbered."""
    return f"{name[0]} Lane {number}", f"{name[1]}{number}巷"


def numbered(letter: str, count: int) -> npt.NDArray[np.object_]:
    """Return ids: a letter and a number of seven digits or more, from 1."""
    number = np.arange(10_000_001, 10_000_001 + count).astype(str).astype("U16")
    digits = np.char.add(letter, np.strings.slice(number, 1, None))
    return digits.astype(object)
