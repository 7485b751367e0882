"""How a text sounds: whether it holds negative words about the community or somebody in it.

A signal for counting, never a reason to act on a message: words without their context often mean nothing.
"""

from collections.abc import Sequence

from shared.text import Pattern

_CHINESE = """垃圾 骗子 骗人 骗钱 坑人 坑爹 太坑 恶心 滚蛋 滚出 退群 退款 退钱 投诉 举报你 维权 失望 差评
    没人管 不管了 无语 受够 烦死 气死 吵死 闭嘴 有病 脑残 智障 傻[逼比b] 弱智 废物 无耻 忽悠 割韭菜 黑幕
    太差 真差 后悔"""
_ENGLISH = r"""scam / scammers? / rip[- ]?off / refund / garbage / trash / useless / pathetic / disgusting /
    disappoint\w* / terrible / horrible / awful / shut up / idiots? / morons? / stupid / liars? / fed up /
    leaving this group / unacceptable / worst"""
_WORDS = [word.strip() for word in _ENGLISH.split(" /")]
_NEGATIVE = Pattern("|".join([*_CHINESE.split(), rf"\b(?:{'|'.join(_WORDS)})\b"]))


def is_negative(normalised: str) -> bool:
    """Whether a normalised text holds a negative word."""
    return _NEGATIVE.occurs_in(normalised)


def negative_among(normalised: Sequence[str]) -> set[int]:
    """Places of the texts that hold one, a batch at a time."""
    return _NEGATIVE.occurring(normalised)
