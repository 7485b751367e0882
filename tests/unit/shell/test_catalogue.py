"""Texts by locale, and what a catalogue is refused for."""

from pathlib import Path

import pytest

from shared.i18n import BadCatalogue, Catalogue, match

CHINESE = '"checkin.recorded" = "打卡成功,连续 {days} 天"\n'
ENGLISH = '"checkin.recorded" = "Checked in, {days} days in a row"\n'


def written(folder: Path, chinese: str = CHINESE, english: str = ENGLISH) -> Path:
    (folder / "zh-CN.toml").write_text(chinese, encoding="utf-8")
    (folder / "en.toml").write_text(english, encoding="utf-8")
    return folder


def test_a_text_is_said_in_the_locale_with_its_values(tmp_path: Path) -> None:
    texts = Catalogue.load(written(tmp_path))
    assert texts.say("zh-CN", "checkin.recorded", days=3) == "打卡成功,连续 3 天"
    assert texts.say("en", "checkin.recorded", days=3) == "Checked in, 3 days in a row"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("zh-CN", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("zh_Hans_CN", "zh-CN"),
        ("en", "en"),
        ("en-GB", "en"),
        ("EN_us", "en"),
        ("fr", "zh-CN"),
        ("", "zh-CN"),
        ("english", "zh-CN"),
    ],
)
def test_a_locale_falls_to_its_language_and_then_to_chinese(asked: str, given: str) -> None:
    assert match(asked) == given


def test_a_value_is_never_a_format_itself(tmp_path: Path) -> None:
    texts = Catalogue.load(written(tmp_path))
    assert texts.say("en", "checkin.recorded", days="{days.__class__}") == (
        "Checked in, {days.__class__} days in a row"
    )


def test_a_missing_value_or_key_raises(tmp_path: Path) -> None:
    texts = Catalogue.load(written(tmp_path))
    with pytest.raises(KeyError, match="days"):
        texts.say("en", "checkin.recorded")
    with pytest.raises(KeyError, match="nowhere"):
        texts.say("en", "nowhere")


@pytest.mark.parametrize(
    ("english", "reason"),
    [
        ("", "not the same keys.*checkin.recorded"),
        (ENGLISH + '"more" = "x"\n', "not the same keys.*more"),
        ('"checkin.recorded" = "Checked in"\n', "not the same placeholders"),
        ('"checkin.recorded" = "{Days}"\n', "not the same placeholders"),
        ('"checkin.recorded" = "{days.real}"\n', "no plain name"),
        ('"checkin.recorded" = "{days[0]}"\n', "no plain name"),
        ('"checkin.recorded" = "{days!r}"\n', "no plain name"),
        ('"checkin.recorded" = "{days:>9999999}"\n', "no plain name"),
        ('"checkin.recorded" = "{}"\n', "no plain name"),
        ('"checkin.recorded" = "{days"\n', "checkin.recorded"),
        ("checkin.recorded = 'x {days}'\n", "needs quotes"),
        ('"checkin.recorded" = 3\n', "is no text"),
        ("= broken", "en.toml"),
    ],
)
def test_a_catalogue_that_could_fail_later_is_refused_now(tmp_path: Path, english: str, reason: str) -> None:
    with pytest.raises(BadCatalogue, match=reason):
        Catalogue.load(written(tmp_path, english=english))


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "en.toml").unlink()
    with pytest.raises(BadCatalogue, match=r"en\.toml"):
        Catalogue.load(tmp_path)


def test_braces_can_be_written(tmp_path: Path) -> None:
    texts = Catalogue.load(written(tmp_path, '"brace" = "{{x}}"\n', '"brace" = "{{y}}"\n'))
    assert texts.say("en", "brace") == "{y}"
