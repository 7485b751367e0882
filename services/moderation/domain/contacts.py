"""Ways to be reached outside the community, as ads give them; expressions over normalised text."""

from dataclasses import dataclass
from enum import Enum

from shared.text import Pattern, normalise


class Needs(Enum):
    """What must stand beside a way to be reached before it is an ad."""

    NOTHING = "nothing: nobody hides an address who means well"
    INVITE_OR_SALE = "an inviting or a selling word"
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


WECHAT = r"(?:微信|weixin|we ?chat|\bvx|\bwx\b)"
SPELLED_OUT = r"w{gap}e{gap}i{gap}x{gap}i{gap}n\b"
HEART = "[❤♥♡💗💚💛💜💙🧡💕💖]"
HIDDEN = rf"(?:[薇溦葳嶶](?:[信芯]|{HEART})|徽信|微亻言|wei ?信|微 ?xin|{SPELLED_OUT})"
DISGUISED = rf"(?:{HIDDEN}|\b[vw]信|\bv[^0-9a-z\p{{Han}}]信|微x|[微vw]{HEART})"
LIKE_WECHAT = "[威维魏][信芯]"
SAME_NUMBER = r"(?:微信?|vx?|wx)同[号步]?"
BETWEEN = r"[^0-9a-z\p{Han}@]{0,4}(?:是|为|叫)?[^0-9a-z\p{Han}@]{0,4}"
NUMBER_NAME = r"(?:号码|账号|帐号|号|id|联系)?"
WECHAT_ID = (
    r"(?:[a-z][a-z_-]{1,14}[0-9][a-z0-9_-]{1,14}|[a-z][0-9][a-z0-9_-]{3,16}"
    r"|1[3-9][0-9]{9}|[1-9][0-9]{6,10})"
)
QQ_ID = "[1-9][0-9]{4,10}"
GROUP_ID = "[1-9][0-9]{5,10}"
NOT_ABOUT_ADDING = (
    r"(?P<not>支付|付款|收款|登[录陆]|小程序|公众号|开[发放]|接口|平台|api|sdk|读书|运动|红包|转账|客户端"
    r"|版本|消息|表情|官方|机器人|插件|分享|聊天|通知|提醒)?"
)
GROUP_HOSTS = (
    r"\bt\s?\.\s?me", r"telegram\.(?:me|dog)", r"discord\s?\.\s?gg", r"discord(?:app)?\.com/invite",
    r"chat\.whatsapp\.com", r"\bwa\.me", r"line\.me/ti", r"\b[qj][mq]\.qq\.com", r"u\.wechat\.com",
    r"weixin\.qq\.com/g",
)  # fmt: skip
SHORT_HOSTS = (
    r"bit\.ly", r"t\.cn", r"tinyurl\.com", r"goo\.gl", r"is\.gd", r"ow\.ly", r"dwz\.cn", r"suo\.(?:im|yt|nz)",
    r"url\.cn", r"rb\.gy", r"cutt\.ly", r"shorturl\.at", r"rebrand\.ly", r"tiny\.cc", r"mrw\.so", r"clck\.ru",
    r"vk\.cc", r"u\.to", r"buff\.ly", r"[a-z0-9-]+\.page\.link", r"linktr\.ee", r"t\.ly", r"s\.id",
    r"reurl\.cc", r"surl\.(?:li|red)", r"6du\.in", r"sourl\.cn", r"lanza\.me",
)  # fmt: skip
MESSENGERS = r"(?:telegram|\btg|电报|纸飞机|whats ?app|\bws|蝙蝠|skype|kakao)\s?(?:号|id|账号)?\s?"

CONTACTS = (
    Contact("wechat_hidden_id", Needs.NOTHING, (rf"{HIDDEN}{NUMBER_NAME}{BETWEEN}{WECHAT_ID}",)),
    Contact(
        "wechat_id",
        Needs.INVITE_OR_SALE,
        (
            rf"(?:{WECHAT}|{DISGUISED}|{LIKE_WECHAT}){NUMBER_NAME}{BETWEEN}{WECHAT_ID}",
            rf"{WECHAT}(?:号|id)?\s?[:=]\s?[a-z][a-z0-9_-]{{5,19}}",
            rf"(?:加|扣|➕)(?:我|下|个|一下)?的?[v薇微威维卫魏徽w](?:x|信|芯|心|星)?{BETWEEN}{WECHAT_ID}",
            rf"\bv{{gap}}x(?:号|\s?:){BETWEEN}{WECHAT_ID}",
            rf"\+ ?[v薇徽](?:x|信|芯)?{BETWEEN}{WECHAT_ID}",
            rf"\bv\s?:\s?{WECHAT_ID}",
            rf"{SAME_NUMBER}{BETWEEN}{WECHAT_ID}",
            rf"1[3-9][0-9]{{9}}[^0-9a-z]{{0,6}}{SAME_NUMBER}",
        ),
    ),
    Contact(
        "wechat_disguised",
        Needs.INVITE_OR_SALE,
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
            rf"(?:\bq ?q|扣[扣q]|企鹅|秋秋)(?:群|号|号码)?{BETWEEN}{QQ_ID}",
            rf"(?:q群|扣群|裙号|群号){BETWEEN}{GROUP_ID}",
            rf"[+加进入](?:群|裙|q|扣){BETWEEN}{GROUP_ID}",
        ),
    ),
    Contact("group_invite", Needs.INVITE_OR_SALE, (rf"(?:{'|'.join(GROUP_HOSTS)})\s?/\s?[^\s]{{2,80}}",)),
    Contact(
        "messenger_id",
        Needs.INVITE_OR_SALE,
        (
            rf"{MESSENGERS}[:@]\s?@?[a-z0-9_]{{4,32}}",
            rf"{MESSENGERS}:?\s?\+?[0-9][0-9 -]{{7,15}}[0-9]",
            r"飞机(?:号|id)?\s?:?\s?@[a-z0-9_]{4,32}",
        ),
    ),
    Contact("short_link", Needs.SALE, (rf"\b(?:{'|'.join(SHORT_HOSTS)})/[^\s]{{1,80}}",)),
    Contact(
        "phone",
        Needs.ADDING_AND_SALE_OR_TWO,
        (
            r"\b1[3-9][0-9](?:[ -]?[0-9]{4}){2}\b",
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
            r"(?:二维码|扫[码描]|扫一扫|\bqr ?code)"
            r"(?P<not>登[录陆]|支付|付款|枪|点餐|签到|打卡|不了|失败|器|乘车)?",
            r"\bscan (?:the|this|my|our) (?:qr|code)",
        ),
    ),
)
"""All of them; a further one needs no other change."""

COMPILED = tuple((contact, Pattern(contact.expression)) for contact in CONTACTS)
ANY_CONTACT = Pattern("|".join(contact.plain for contact in CONTACTS))
"""Occurs in every text in which one of them may match: one pass tells most messages apart."""
SURE_CONTACT = Pattern("|".join(contact.plain for contact in CONTACTS if contact.needs is Needs.NOTHING))
"""Occurs in every text that needs no more to be an ad."""
