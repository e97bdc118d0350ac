"""Whether two names are one person's: many spellings of one, ordinary names of many."""

from __future__ import annotations

import itertools
import re
import unicodedata

import pytest
from confusable_homoglyphs.confusables import confusables_data

from lfr_eval.contract.persons import named, perhaps_one, same_person

NAMES = """
Anna Grey, Anna Green, Anne Gray, John Smith, Jon Smyth
James Brown, Ian Hill, Ivan Petrov, Maria Silva, Mario Silva
Olga, Oleg, Aisha Khan, Asha Khan, Amir, Emir
Иван Петров, Ирина Петрова, Анна Смирнова, Алла Смирнова
Павел Котов, Пётр Котов, Ольга, Олег, Сергей, Андрей, Юлия
Юрий, Нина, Инна, Дина, Лина, Лиана, Глеб, Марина, Карина
Арина
Γιώργος, Νίκος, Μαρία, Ελένη, Κώστας, Δημήτρης, Βασίλης
Ιωάννης, Ιωάννα, Άννα, Νάνσυ, Σοφία, Σόφη
محمد, أحمد, محمود, علي, عمر, عمرو, حسن, حسين, فاطمة, خديجة
سارة, سامر, ليلى, نور, نورا, كريم, رحيم, سعيد, سعد, خالد
جمال, كمال
דוד, דן, דנה, רון, רונן, רונית, משה, שרה, שירה, יוסי, יוסף
חנה, חן, נועה, נועם, גל, גיל, טל, אורי, אורן, ליאור
राम, रमा, रीमा, सीता, सुनीता, अनिता, अनीता, कुमार, कमल, कमला
विजय, विजया, सुमन, सोमन, मोहन, मेहन, गीता, गोता
สมชาย, สมหญิง, วิชัย, วิชา, กิตติ, กิตต์, สุดา, สิดา, นารี
นารา, มานะ, มานี, ปิติ, ชูใจ
王伟, 王芳, 李娜, 李强, 张敏, 张磊, 刘洋, 刘杨, 陈静, 陈晶, 周杰, 周洁, 吴昊, 吴浩
김민수, 김민서, 이지은, 이지훈, 박서연, 박서준, 최유진, 최유나, 정우, 정유
さくら, さくや, ゆい, ゆう, はると, はるか, タロウ, ジロウ, ハナ, ハル, ミカ, ミキ, リカ, リコ
Արամ, Արմեն, Անի, Աննա, Նարեկ, Նաիրա, Հասմիկ, Գոռ, Գոհար
გიორგი, ნინო, ნანა, თამარ, ლაშა, დავით, ლევან, ლელა, მარიამ
მირიამ
Abebe, አበበ, ከበደ, አለም, ሰላም, ሳራ, ሰራ
"""
"""Ordinary names that are different, in many scripts."""


@pytest.mark.parametrize(
    "other",
    [
        *("Gre\u04af", "\u050crey", "\u13c0rey", "\u0262rey"),
        *("Dr Grey", "Dr. Grey", "GREY", " grey ", "Gr\u200bey", "Gr\u0435y", "Ｇｒｅｙ", "Gréy"),
        *("Gre\u0301y", "\u202eGrey", "Prof. Dr. Grey", "Grey, Dr", "Gr\u00adey", "Gr3y"),
        *("G rey", "D r Grey", "G.R.E.Y", "Grey (acting)", "Cllr Grey", "Gr\u034fey", "Gr\ufe0fey"),
        *("\u24a2\u24ad\u24a0\u24b4", "\U0001f156rey", "\U0001f1ec\U0001f1f7ey", "6rey"),
        *("Sergeant Grey", "Gr\u0395y", "\ufeffGrey", "G\u2060rey", "Ms Grey (PhD)"),
    ],
)
def test_one_person_in_many_spellings_is_one(other: str) -> None:
    assert same_person("Dr Grey", other)


def test_letters_with_a_stroke_and_digits_of_other_scripts_are_alike() -> None:
    assert same_person("\u0141ukasz Nowak", "Lukasz Nowak")
    assert same_person("Officer \u0661\u0662", "Officer 12")
    # Letters of two alphabets that are alike and have no like among the Latin ones.
    assert same_person("\u041f\u0430\u0432\u0435\u043b", "\u03a0\u0430\u0432\u0435\u043b")


@pytest.mark.parametrize(
    "other",
    [
        *(
            "G\u027eey",
            "G\u0280ey",
            "G\u0279ey",
            "Gr\u0247y",
            "Gr\u025by",
            "Gre\u01b4",
            "Gr\u0258y",
        ),
        *("\u0260rey", "\ua7a1rey", "\u029brey", "\u01e5rey"),
        *("PC1234 Grey", "Grey PC 1234", "Grey (1234AB)", "Sgt 77 Grey", "Grey DC0412"),
    ],
)
def test_forms_of_a_letter_and_numbers_of_officers_are_no_other_person(other: str) -> None:
    assert same_person("Dr Grey", other)


def test_each_form_of_a_latin_letter_is_that_letter() -> None:
    """Every letter of Unicode whose name says that it is a form of a letter of A to Z."""
    named_so = re.compile(r"LATIN (?:SMALL |CAPITAL )?LETTER (?:[A-Z]+ )*([A-Z])")
    forms = [
        (chr(code), found[1].lower())
        for code in range(0x80, 0x20000)
        if (found := named_so.fullmatch(unicodedata.name(chr(code), "").partition(" WITH ")[0]))
        if chr(code) not in "\xdf\u1e9a\u1e9e\u01c5\u01c8\u01cb\u01f2"  # Two letters in one.
    ]
    assert len(forms) > 800
    assert [
        one for one, plain in forms if not same_person(f"Anna x{plain}x", f"Anna x{one}x")
    ] == []


def test_each_look_alike_of_unicode_is_the_letter_that_it_looks_like() -> None:
    """Every character of Unicode's list that is one Latin letter's look-alike."""
    lists = [
        (one, each["c"])
        for one, given in confusables_data.items()
        for each in given[:1]
        if len(one) == 1 and one.isalpha() and not one.isascii() and each["c"].isascii()
        if len(each["c"]) == 1 and each["c"].isalpha()
    ]
    unlike = [one for one, plain in lists if not same_person(f"Anna x{plain}x", f"Anna x{one}x")]
    assert len(lists) > 1_000
    assert unlike == []


def test_officers_of_one_name_and_two_numbers_are_two_people() -> None:
    assert not same_person("PC 1234 Smith", "PC 5678 Smith")
    assert same_person("PC 1234 Smith", "Sgt Smith, 1234")
    assert same_person("PC1234", "P.C. 1234")
    assert not same_person("PC1234", "PC1235")
    assert not same_person("PC1234", "Dr Grey")
    assert [named(name) for name in ("PC1234", "1234", "PC1234 Grey", "Gr3y")] == [
        *(False, False),
        *(True, True),
    ]


def test_ordinary_names_are_not_taken_for_one_another() -> None:
    names = [name.strip() for name in re.split(r"[,\n]", NAMES) if name.strip()]
    assert len(names) > 150
    alike = [pair for pair in itertools.combinations(names, 2) if same_person(*pair)]
    assert not alike


@pytest.mark.parametrize(
    "other", ["A. Brown", "Dr Green", "Ryge", "Gray", "Greys", "王伟", "Greyson"]
)
def test_another_person_is_another(other: str) -> None:
    assert not same_person("Dr Grey", other)


@pytest.mark.parametrize(
    ("first", "second", "perhaps"),
    [
        *(("A. Grey", "Anna Grey", True), ("Grey, A.", "Anna Grey", True)),
        *(("Dr Grey", "Anna Grey", True), ("PC 12 Grey", "Anna Grey", True)),
        *(("J. A. Grey", "Jane Grey", True), ("Anna Maria Grey", "Anna Grey", True)),
        *(
            (
                "\u0413. \u0411\u0435\u043b\u044b\u0439",
                "\u0413\u0435\u043d\u043d\u0430\u0434\u0438\u0439 \u0411\u0435\u043b\u044b\u0439",
                True,
            ),
        ),
        *(("A. Grey", "B. Grey", False), ("Anna Grey", "Alan Grey", False)),
        *(("A. Grey", "Anna Green", False), ("PC1234", "Anna Grey", False)),
        # One name twice is one person's, which is no doubt.
        *(("A. Grey", "A Gr\u0435y", False), ("Dr Grey", "grey", False)),
    ],
)
def test_a_short_name_may_stand_for_a_long_one(first: str, second: str, perhaps: bool) -> None:
    said = perhaps_one(["Zo\u00eb White", first, second, first])
    assert bool(said) is perhaps
    assert said.count("may be one person") == perhaps
