"""Whether two names are one person's: many spellings of one, ordinary names of many."""

from __future__ import annotations

import itertools
import re

import pytest

from lfr_eval.contract.persons import same_person

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
