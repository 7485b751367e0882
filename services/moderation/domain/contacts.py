"""Ways to be reached outside the community, as ads give them; expressions over normalised text."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from shared.text import Pattern, normalise


class Needs(Enum):
    """What must stand beside a way to be reached before it is an ad."""

    NOTHING = "nothing: nobody hides an address who means well"
    INVITE_OR_SALE = "an inviting or a selling word"
    INVITE_OR_SALE_UNWARNED = "an inviting or a selling word, in a text that warns of nothing"
    SALE = "a selling word"
    ADDING_AND_SALE_OR_TWO = "a word that asks to be added and a selling word, or two groups of selling words"
    ADDING_AND_SALE = "a word that asks to be added, and a selling word"
    TWO_SALES = "selling words of two groups"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to be reached; its name is what evidence says."""

    name: str
    needs: Needs
    alternatives: tuple[str, ...]

    @property
    def expression(self) -> str:
        """All alternatives in one."""
        return "|".join(self.alternatives)

    @property
    def plain(self) -> str:
        """The expression as part of another, where a group must not have a name."""
        return f"(?:{self.expression.replace('(?P<not>', '(?:')})"


WEIXIN = "w+{gap}[e3]+{gap}[i1!]+{gap}x+{gap}[i1!]+{gap}n+"
WECHAT = rf"(?:微[信讯]|{WEIXIN}|w+[e3]+ ?c+h+[a4@]+t+|\bvx(?:in)?|\bwx(?:id)?\b)"
APART = r"[^0-9a-z\p{Han}]{1,2}"
SPELLED_OUT = rf"\bw{APART}e{APART}i{APART}x{APART}i{APART}n\b"
HEART = "[❤♥♡💗💚💛💜💙🧡💕💖💓]"
HIDDEN = rf"(?:[薇溦葳嶶](?:[信芯]|{HEART})|徽信|彳?[微薇溦徽]亻[言讠]|wei ?信|微 ?xin|{SPELLED_OUT})"
DISGUISED = rf"(?:{HIDDEN}|\b[vw]信|\bv[^0-9a-z\p{{Han}}]信|[微薇]x|[微vw]{HEART})"
LIKE_WECHAT = "[威维魏围韦味唯伟巍喂违炜玮][信芯心新欣鑫馨]"
BY_NAME = "绿?泡泡|绿色软件|赖"
"""WeChat by its bubbles and its colour, and LINE by its sound; after a word that adds."""
PICTURED = rf"(?:💚|🛰|✌{HEART}?)"
"""WeChat's colour, 卫星 and 微 as a V: pictures that are read aloud."""
ADD = r"(?:[加伽嘉佳扣➕]|力口|jia)"
IN_SHORT = r"(?:(?:v{1,2}|w|wei)x?(?:\b| ?[信芯心星])|[薇微威维卫魏徽][x信芯心星]?)"
"""A Latin letter must end there: `win10` and `vue32` are no ids."""
SAME_NUMBER = r"(?:微信?|vx?|wx)同[号步]?"
BETWEEN = r"[^0-9a-z\p{Han}@]{0,4}(?:是|为|叫)?[^0-9a-z\p{Han}@]{0,4}"
NUMBER_NAME = r"(?:号码|账号|帐号|号|id|联系)?"
APART_IN_NUMBER = "[ ._*、·—-]{0,2}"
PHONE_APART = rf"1{APART_IN_NUMBER}[3-9](?:{APART_IN_NUMBER}[0-9]){{9}}"
WECHAT_ID = (
    r"(?:[a-z][a-z_-]{1,14}[0-9][a-z0-9_-]{1,14}|[a-z][0-9][a-z0-9_-]{3,16}"
    r"|(?:[a-z][ ._*—-]){2,14}[0-9](?:[ ._*—-][a-z0-9]){2,14}"
    rf"|{PHONE_APART}|[1-9][0-9]{{6,10}})"
)
QQ = r"(?:\bq{gap}q|[扣抠蔻筘叩][扣抠蔻筘叩q]|企鹅|秋秋|🐧)"
GROUP = "(?:[群裙峮]|君羊)"
NUMBER_APART = (
    r"[1-9](?: [0-9]){5,10}\b|[1-9][0-9](?:[ ._*-][0-9]{2}){3,4}\b"
    r"|[1-9][0-9]{2,4}(?:[ ._*-][0-9]{3,5}){1,2}(?:[ ._*-][0-9]{1,4})?\b"
)
"""Its groups are unlike those of dates and versions."""
QQ_ID = rf"(?:[1-9][0-9]{{4,10}}|{NUMBER_APART})"
GROUP_ID = rf"(?:[1-9][0-9]{{5,10}}|{NUMBER_APART})"
NOT_ABOUT_ADDING = (
    r"(?P<not>支付|付款|收款|登[录陆]|小程序|公众号|开[发放]|接口|平台|api|sdk|读书|运动|红包|转账|客户端"
    r"|版本|消息|表情|官方|机器人|插件|分享|聊天|通知|提醒)?"
)
DOT = r"(?:\s?[.。]\s?|,|点|\s?[\[({]\s?(?:\.|dot|点)\s?[\])}]\s?| dot )"
SLASH = r"(?:(?::[0-9]{2,5})?\s?[/\\]\s?|[ \[(]slash[ \])])"
GROUP_HOSTS = (
    r"\bt.m ?[e3]", "telegram.(?:me|dog)", "discord.gg", "discord(?:app)?.com/invite", "chat.whatsapp.com",
    r"\bwa.me", "line.me/ti", r"\b[qj][mq].qq.com", "u.wechat.com", "weixin.qq.com/g",
)  # fmt: skip
SHORT_HOSTS = (
    "bit.ly", "t.cn", "tinyurl.com", "goo.gl", "is.gd", "ow.ly", "dwz.cn", "suo.(?:im|yt|nz)", "url.cn",
    "rb.gy", "cutt.ly", "shorturl.at", "rebrand.ly", "tiny.cc", "mrw.so", "clck.ru", "vk.cc", "u.to",
    "buff.ly", "page.link", "linktr.ee", "t.ly", "s.id", "reurl.cc", "surl.(?:li|red)", "6du.in",
    "sourl.cn", "lanza.me", "telegra.ph",
)  # fmt: skip
"""Dots and slashes of hosts stand for whatever is read as one: `t(dot)me`, `dwz点cn`."""
TELEGRAM = "t+{gap}[e3]+{gap}[l1]+{gap}[e3]+{gap}g+{gap}r+{gap}[a4@]+{gap}m+"
WHATSAPP = "w+{gap}h+{gap}[a4@]+{gap}t+{gap}[s5]+{gap}[a4@]+{gap}p+{gap}p+"
MESSENGERS = rf"(?:{TELEGRAM}|\btg|电报|纸飞机|{WHATSAPP}|\bws|蝙蝠|skype|kakao)\s?(?:号|id|账号|me|at)?\s?"


def _hosts(names: tuple[str, ...]) -> str:
    return "|".join(name.replace(".", DOT) for name in names)


CONTACTS = (
    Contact("wechat_hidden_id", Needs.NOTHING, (rf"{HIDDEN}{NUMBER_NAME}{BETWEEN}{WECHAT_ID}",)),
    Contact(
        "wechat_id",
        Needs.INVITE_OR_SALE,
        (
            rf"(?:{WECHAT}|{DISGUISED}|{LIKE_WECHAT}){NUMBER_NAME}{BETWEEN}{WECHAT_ID}",
            rf"{WECHAT}(?:号|id)?\s?[:=]\s?[a-z][a-z0-9_-]{{5,19}}",
            rf"{ADD}{{gap}}(?:我|下|个|一下)?的?{IN_SHORT}{BETWEEN}{WECHAT_ID}",
            rf"{ADD}(?:我|下)?(?:{BY_NAME})号?{BETWEEN}{WECHAT_ID}",
            rf"🛰{BETWEEN}{WECHAT_ID}",
            rf"{ADD}\s?{PICTURED}{BETWEEN}{WECHAT_ID}",
            rf"\bv{{gap}}x(?:号|\s{{0,2}}:|\s){BETWEEN}{WECHAT_ID}",
            rf"\+ ?(?:[v薇徽]|wei)(?:x|信|芯)?{BETWEEN}{WECHAT_ID}",
            rf"\bv\s?:\s?{WECHAT_ID}",
            rf"{SAME_NUMBER}{BETWEEN}{WECHAT_ID}",
            rf"1[3-9][0-9]{{9}}[^0-9a-z]{{0,6}}{SAME_NUMBER}",
        ),
    ),
    Contact(
        "wechat_disguised",
        Needs.INVITE_OR_SALE_UNWARNED,
        (
            rf"(?P<not>安|[增添参更附])?(?:{DISGUISED}"
            rf"|(?:加|➕)(?:我|个|下)?的?(?:{LIKE_WECHAT}|微芯|[薇溦葳]|v)(?:$|[^0-9a-z\p{{Han}}])"
            r"|\+ ?[薇徽])",
        ),
    ),
    Contact(
        "qq_id",
        Needs.INVITE_OR_SALE,
        (
            rf"{QQ} ?{GROUP}?(?:号|号码)?{BETWEEN}{QQ_ID}",
            rf"(?:[q扣]群|{GROUP}号|裙\s?:){BETWEEN}{GROUP_ID}",
            rf"\bq\s?:?\s?(?:[1-9][0-9]{{8,10}}|{NUMBER_APART})",
            rf"[+加进入➕] ?(?:{GROUP}|[q扣抠]){BETWEEN}{GROUP_ID}",
        ),
    ),
    Contact(
        "group_invite",
        Needs.INVITE_OR_SALE,
        (rf"(?:{_hosts(GROUP_HOSTS)}){SLASH}[^\s]{{2,80}}", r"\btg://(?:join|resolve)\?[^\s]{2,80}"),
    ),
    Contact(
        "messenger_id",
        Needs.INVITE_OR_SALE,
        (
            rf"{MESSENGERS}[:@]\s?@?[a-z0-9_]{{4,32}}",
            rf"{MESSENGERS}:?\s?\+?[0-9][0-9 -]{{7,15}}[0-9]",
            r"(?:飞机|✈)(?:号|id)?\s?:?\s?@[a-z0-9_]{4,32}",
        ),
    ),
    Contact("short_link", Needs.SALE, (rf"\b(?:{_hosts(SHORT_HOSTS)}){SLASH}[^\s]{{1,80}}",)),
    Contact(
        "phone",
        Needs.ADDING_AND_SALE_OR_TWO,
        (
            rf"\b{PHONE_APART}\b",
            r"\+[0-9]{1,3}[ (-]{0,2}[0-9](?:[ ()-]{0,2}[0-9]){7,12}\b",
            r"\b7[89][0-9]{9}\b",
        ),
    ),
    Contact(
        "handle",
        Needs.TWO_SALES,
        (r"(?:^|[^a-z0-9.])@(?P<not>everyone\b|channel\b)?[a-z]?[a-z0-9_]{4,31}\b",),
    ),
    Contact(
        "private_message",
        Needs.TWO_SALES,
        (
            r"私[聊信撩]|小窗(?P<not>口)?|滴滴我|戳我",
            r"\b[dp]m (?:me|us|now)\b|\bsend me a (?:dm|message)\b",
            r"\b(?:message|text|inbox|whatsapp|write) (?:to )?me\b",
            *(normalise(words).text for words in ("в лс", "в личк", "личных сообщ", "личные сообщ")),
            rf"(?:{normalise('пиши').text}|{normalise('мне').text})\s?[^0-9a-z]{{0,2}}[➕+]",
        ),
    ),
    Contact(
        "wechat_mention", Needs.ADDING_AND_SALE, (rf"(?:微信|weixin|we ?chat|\bvx\b){NOT_ABOUT_ADDING}",)
    ),
    Contact(
        "qr_code",
        Needs.ADDING_AND_SALE,
        (
            r"(?:二维码|扫[码描]|扫 ?ma\b|扫一扫|\bqr ?code)"
            r"(?P<not>登[录陆]|支付|付款|枪|点餐|签到|打卡|不了|失败|器|乘车)?",
            r"\bscan (?:the|this|my|our) (?:qr|code)",
        ),
    ),
)
"""All of them; a further one needs no other change."""

COMPILED = tuple((contact, Pattern(contact.expression)) for contact in CONTACTS)
LINKS = ("group_invite", "short_link")
CHINESE = ("wechat_hidden_id", "wechat_id", "wechat_disguised", "wechat_mention", "qq_id", "qr_code")


def _any(contacts: Iterable[Contact]) -> Pattern:
    return Pattern("|".join(contact.plain for contact in contacts))


ANY_CONTACT = (
    _any(contact for contact in CONTACTS if contact.name in CHINESE),
    _any(contact for contact in CONTACTS if contact.name in LINKS),
    _any(contact for contact in CONTACTS if contact.name not in (*CHINESE, *LINKS)),
)
"""One of them occurs in every text in which a contact may match: three passes tell most messages apart. One
expression of all outgrows what RE2 keeps of its automaton, and is six times slower."""
SURE_CONTACT = _any(contact for contact in CONTACTS if contact.needs is Needs.NOTHING)
"""Occurs in every text that needs no more to be an ad."""
