"""Words that belong to no theme: greetings, thanks, check-ins, introductions, and what people add."""

from random import Random

from tools.simulator.theme import words
from tools.simulator.themes_indoors import READING

BEFORE = [*[""] * 6, *words("哈哈， 说实话， 嗯， 我觉得 补充一下， 真的， 其实 对了， 刚才想说，")]
AFTER = [*[""] * 6, *words("～ ！ 😂 👍 ，你们呢 ，哈哈哈 ，笑死 😊 。 呀 ☕ 🌸")]
SHORT = words("""
    哈哈哈哈 同感 +1 学到了 太真实了 羡慕 赞 好的 收藏了 厉害了 可以可以 蹲一个 有道理 确实 懂了 这个好 冲
    期待 1 嗯嗯 抱抱 加油 笑死我了 真香
""")
THANKS = (
    "谢谢{name}，学到了", "多谢{name}，我回去试试", "{name}说得太清楚了，感谢", "原来如此，谢谢大家",
    "收到，谢谢{name}的经验", "太及时了，明天就照着做",
)  # fmt: skip
GREETINGS = (
    "大家早上好", "早啊各位", "早安，新的一天", "中午好，都吃了吗", "晚上好呀", "下班了下班了", "周末愉快",
    "晚安各位，明天见", "终于忙完了，来冒个泡", "今天降温了，大家多穿点", "外面下雨了，出门带伞",
    "堵在路上，刷会儿群",
)  # fmt: skip
INTRODUCTIONS = (
    "大家好，我是{name}，{name_from}介绍来的，平时喜欢{theme}，请多关照",
    "新人报到！坐标{city}，爱好{theme}和{other}，以后多交流",
    "大家好呀，做{job}的，最近迷上了{theme}，来跟各位学习",
    "哈喽，我是{name}，{city}人，潜水好久了，终于进来了，喜欢{theme}",
    "自我介绍一下：{name}，{job}，周末一般在{theme}，很高兴认识大家",
)
WELCOMES = (
    "欢迎欢迎", "欢迎{name}", "欢迎新朋友", "欢迎{name}，爆照就算了，先打个卡吧", "来了就是一家人",
    "欢迎，我也喜欢{theme}", "新人好，群规记得看一下",
)  # fmt: skip
CITIES = words("杭州 上海 成都 武汉 西安 广州 南京 苏州 长沙 青岛 厦门 重庆")
JOBS = words("设计 护士 程序员 老师 会计 自由职业 销售 学生 全职妈妈 公务员 编辑")
CHECKIN_PLAIN = words("签到 打卡 签到！ 打卡～ 签到✅ 打卡打卡 #打卡")
CHECKIN_COUNTED = ("签到 第{day}天", "打卡 day {day}", "打卡第{day}天")
CHECKIN_TEXTS = {
    "books": (
        "打卡 读书{n}页，{book}",
        "打卡 第{day}天，今天读了{book}，有点慢",
        "签到，睡前看了{n}页书",
        "打卡 听书半小时，{book}",
    ),
    "sports": (
        "打卡 跑步{km}公里，微微出汗",
        "打卡 第{day}天，今天快走{n}分钟",
        "签到 晨跑{km}公里，空气真好",
        "打卡，跳绳{n}组，累趴",
    ),
    "life": (
        "打卡 早起第{day}天，六点一刻",
        "签到，今天也要记账，花了{n}块",
        "打卡 做饭第{day}天，两菜一汤",
        "打卡 陪娃读绘本{n}分钟",
    ),
}
CHECKIN_TALK = (
    "今天谁还没打卡？",
    "打卡人数好少，大家别偷懒",
    "昨天忘了打卡，可惜断了",
    "坚持打卡的都是狠人",
)
PLAIN_SHARE = 0.4
REACTIONS = ("👍", "❤️", "😂", "🎉", "👏", "🌹", "强")


def varied(phrase: str, chance: Random) -> str:
    """The phrase as somebody would type it today."""
    before, after = chance.choice(BEFORE), chance.choice(AFTER)
    if phrase.endswith(("？", "！", "～")) and after:
        after = after if not after.startswith(("，", "。", "！")) else ""
    return f"{before}{phrase}{after}"


def checkin(channel_id: str, day: int, chance: Random) -> str:
    """A check-in: half of them only say so, the others tell what was done."""
    phrases = CHECKIN_TEXTS.get(channel_id, ())
    if not phrases or chance.random() < PLAIN_SHARE:
        bank = CHECKIN_PLAIN if chance.random() < 0.7 else CHECKIN_COUNTED
        return chance.choice(bank).format(day=day)
    book = chance.choice(READING.words["book"])
    km = chance.choice(("三", "五", "六", "八", "十"))
    return chance.choice(phrases).format(day=day, n=chance.randint(10, 60), book=book, km=km)
