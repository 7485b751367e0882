"""Words that invite and words that sell, in groups: evidence names the group, never the word.

Expressions over normalised text, one a word, parted by blanks in Chinese and by ` / ` elsewhere. Russian, in
which much of Telegram's spam is written, stands as beginnings of words and is normalised here, because
look-alikes have become Latin letters by then.
"""

from dataclasses import dataclass

from shared.text import Pattern, normalise


@dataclass(frozen=True, slots=True)
class Words:
    """A group of words that counts once, however many of them a message holds."""

    name: str
    chinese: str
    english: str = ""
    russian: str = ""
    weight: int = 1
    """2 for words that hardly anybody uses but to sell: they count as two groups."""

    @property
    def expression(self) -> str:
        """All of them in one."""
        parts = self.chinese.split()
        if self.english:
            parts.append(rf"\b(?:{'|'.join(_parted(self.english))})\b")
        parts.extend(normalise(word).text for word in _parted(self.russian))
        return "|".join(parts)


def _parted(words: str) -> list[str]:
    return [word for word in " ".join(words.split()).split(" / ") if word]


ADDING = Words(
    "adding",
    r"""加(?:我|下我|一下|[个下]?[微薇徽溦葳]|[威维卫魏围韦味唯伟巍喂][信星心新]|v|➕|q|[扣抠]|群|裙|君羊|绿?泡泡|绿色软件|赖\b|好友|入我们|您)
        [伽嘉佳][微薇v] 力口 [加➕][💚🛰✌蔻] jia\s?(?:v|wei|wo) ➕\s?[v微薇徽q] \+\s?(?:v|微|薇|q\b|我)
        (?:进|入|拉[你您]进|加入)(?:本|我们的?)?(?:微信|q)?(?:[群裙峮]|君羊|qun)
        扫码?(?:进[群裙]|加|入[群裙]|领|添加|关注|咨询|下方|图中|我) 长按识别 添加微信""",
    """add (?:me|my|our|us) /
        (?:dm|pm|message|text|whatsapp|telegram|inbox|write to|contact|hit) (?:me|us) /
        join (?:us|now|my|our|telegram|whatsapp|the (?:group|channel)|(?:this )?group) /
        scan (?:to|and) (?:join|add)""",
    """пиши / пишем / писать / обращай / вступай / подпис / в лс / в личк / отправьте / жду вас""",
)
ASKING = Words(
    "asking",
    """联系 咨询 详询 详情 详聊 了解一下 有意者? 感兴趣 需要的 想要的 私[聊信] 滴滴 戳我 找我
        报名 速来 抓紧 名额 欢迎""",
    """contact / reach out / click (?:here|on|the|below) / link (?:below|in bio|here) / sign up /
        apply now / register (?:now|here) / interested / hurry / limited (?:spots|slots|seats) /
        subscribe / for (?:more )?(?:info|details|information)""",
    "подробност / для связи / переход / интересно / успей / жми / рассмотр / свяж",
)
INVITES = (ADDING, ASKING)

WARNING = Words(
    "warning",
    """(?P<not>不|非|无|不是|没有|拒绝)?[骗诈] 举报 谨防 警惕 别信 不要信 垃圾广告 上当""",
    """scams? / scammers? / fraud / beware / phishing / reported""",
)
"""Somebody warns of an ad."""
DOUBT = Words(
    "doubt",
    """(?P<not>不|非|无|不是|没有|拒绝)?[骗诈] 举报 谨防 警惕 小心 别信 不要信 垃圾广告 上当
        登录不了 登不上 登不了 打不开 收不到 用不了 加载不 失败 报错 异常 客服 投诉 真的吗 真假
        靠谱吗 可信吗 怎么办""",
    """scams? / scammers? / fraud / beware / phishing / reported / bug / error / crash(?:es|ed)? /
        fails? / failed""",
)
"""Somebody warns of an ad or tells of trouble."""

SALES = (
    Words(
        "scam",
        r"""日[赚入]\d+ 躺[赚挣] 刷单 代开发票 代开票 假证 代办证 刻章 招代理 荐股 牛股 包赢 稳赚 裸聊
        约[炮p] 时时彩 六合彩 百家乐 网赚 色情 上门服务 无抵押 秒下款 黑户 资金盘 爆粉
        (?P<not>[现时古当近后年交替取])?代[写考打刷练]""",
        """make money (?:fast|online|from home) / guaranteed (?:profit|returns?|income) /
        double your (?:money|btc|bitcoin) / onlyfans / nudes / escorts? /
        (?:vip|trading|forex) signals / hacked? accounts? / buy followers / financial freedom /
        passive income / work from home""",
        "интим / эскорт / обнажен / накрут / накручива / фальш / 🔞",
        weight=2,
    ),
    Words(
        "income",
        """[日月周年时]入 日结 周结 时薪 躺平赚 赚[钱米大佣外] 挣钱 外快 副业 保底
        收[入益]过?[万百千] 佣金 返[利现佣] [零0]投资 无需投资 提成""",
        r"""earn (?:\$|up to|money|from|extra|over|daily|weekly|at least|\d) / earnings / make money /
        payouts? / profits? / profitable /
        (?:daily|weekly|extra|monthly) (?:income|profits?|pay|payouts?) / withdrawals? / get rich""",
        """заработ / зарабат / доход / прибыл / выплат / зеленых / оплата / в день / в неделю /
        в месяц / получать от""",
    ),
    Words(
        "job",
        """兼[职知] 诚招 招[代聘] 急[招聘] 高薪 宝妈 在家[做办] 手工活 打字员 点赞员 做任务 加盟 代理
        招人""",
        """remote (?:job|work) / part[- ]time / we are hiring / vacanc(?:y|ies) / job offer /
        no experience""",
        """набор / набира / вакан / удаленн / дистанцион / сотрудни / партнер / работа / занятост /
        подработ / в команду / нужны люди / нужен человек / ищу людей / разнорабоч""",
    ),
    Words(
        "goods",
        """出售 低价 特价 批发 货源 一手货 厂家 直销 包邮 清仓 秒杀 优惠 折扣 团购 代购 代下单 内购
        领券 正品 高仿 原单 复刻 到手价 白菜价 仅售 转让 拿货""",
        """discounts? / [0-9]{1,2} ?(?:%|percent) off / promo(?:tion)? code / for sale / best price /
        wholesale / coupons? / buy now / order now / cheapest / special (?:offer|deal) /
        limited[- ](?:time|offer) / replicas? / free shipping / [0-9]{1,2}% sale""",
        "скидк / скидик / акци / закaз / магазин / купюр / прайс / отели / авиабилет",
    ),
    Words(
        "gift",
        """免费[领送拿得体] 领取 领红包 领资料 送资料 福利 资料包 内部资料 白送 红包群 大礼 礼包 抽奖""",
        """giveaway / free (?:gift|money|trial|access|crypto|nft|iphone|coins?|signals?) / airdrop /
        claim your / huge rewards / prizes / cash bonus""",
        "бесплатн / розыгрыш / подарок / бонус / выигра",
    ),
    Words(
        "finance",
        """贷款 放款 秒批 信用卡 提额 下款 网贷 涨停 股票 跟单 带单 套现 内幕 炒[币股] 理财 投资 币圈
        合约 usdt 比特币 外汇 配资 原油 虚拟币""",
        """invest now / invest(?:ing)? (?:in|with|only) / investments? / investors? /
        crypto(?:currency)? / forex / trading / bitcoin / btc / usdt / nfts? / presale / loans? /
        altcoins?""",
        """крипт / арбитраж / инвест / трейд / обменник / бирж / валют / цифровы / bybit / свяк""",
    ),
    Words(
        "gambling",
        """彩票 博彩 棋牌 快三(?:开奖|计划|群|平台) 菠菜(?:平台|网|代理|盘) 开奖 下注 赌[场博]
        体育投注 首充 上分""",
        "casino / betting / jackpot / lottery / slots / gambling",
        "ставк / ставим / казино / прогноз / выигрыш / тотал",
    ),
    Words(
        "service",
        "发票 包过 刷[粉赞量] 涨粉 引流 推广 解封 外挂 辅助 改分 提分 论文 接单 代[办充开]",
        """followers / seo services? / recover (?:your )?(?:funds|account) / essay writing /
        assignment help / weight loss / promote your""",
        "услуг / продвиж / реклам / обуч / преподаю / консультаци",
    ),
    Words(
        "adult",
        "同城约 学生妹 小姐姐视频 成人视频 看片 外围 福利姬",
        "hot girls / sexy? / porn / webcam",
        "девушк / дамой / голые",
    ),
    Words(
        "health", "减肥 瘦身 燃脂 美白 祛斑 植发 特效药 祖传 壮阳 丰胸", "lose weight / miracle cure / detox"
    ),
)
"""All groups; a further one needs no other change."""

COMPILED_INVITES = tuple((words, Pattern(words.expression)) for words in INVITES)
COMPILED_SALES = tuple((words, Pattern(words.expression)) for words in SALES)
COMPILED_WARNING = Pattern(WARNING.expression)
COMPILED_DOUBT = Pattern(DOUBT.expression)
ANY_WORDS = Pattern("|".join(words.expression for words in (*INVITES, *SALES)))
"""Occurs in every text that invites or sells."""
