"""Templates of letters: who signs, what is checked, and a skeleton of the text. Everything can be changed afterwards.

What has to be filled in stands in square brackets that begin with an ellipsis; a draft that still has one is not
opened. Nothing is said about danger: that is asked each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LetterTemplate:
    """How a draft begins. Texts are by language; `rules` are fields of the petition that say how it is checked."""

    titles: Mapping[str, str]
    texts: Mapping[str, str]
    addressee: Mapping[str, str]
    who_may_sign: Mapping[str, str]
    rules: Mapping[str, Any]


def _text_en(we: str, matter: str, signed_as: str) -> str:
    return f"""[… Address those to whom you write, by name or office]

We are {we}. We write to you because {matter}.

## What has happened

[… In three sentences: what was decided or done, by whom, and on which day]

## What we ask

1. [… The first thing you ask for, such that one can say later whether it was done]
2. [… The second thing, or remove this line]

We ask for an answer in writing by [… day].

{signed_as}
"""


def _text_ru(we: str, matter: str, signed_as: str) -> str:
    return f"""[… Обращение к адресату: имя и отчество или должность]

Мы — {we}. Мы обращаемся к вам, потому что {matter}.

## Что произошло

[… В трёх предложениях: что решено или сделано, кем и когда]

## О чём мы просим

1. [… Первое требование: такое, чтобы потом было ясно, выполнено ли оно]
2. [… Второе требование или удалите эту строку]

Просим дать письменный ответ до [… дата].

{signed_as}
"""


TEMPLATES: dict[str, LetterTemplate] = {
    "deputies": LetterTemplate(
        titles={"en": "[… Title] – an open letter of deputies", "ru": "[… Название] — открытое письмо депутатов"},
        texts={
            "en": _text_en(
                "deputies of municipal councils",
                "[… what concerns the people who elected you]",
                "Each of us signs in person, as an elected deputy, and not in the name of the council.",
            ),
            "ru": _text_ru(
                "депутаты муниципальных советов",
                "[… что касается тех, кто вас избрал]",
                "Каждый из нас подписывает письмо лично, как избранный депутат, а не от имени совета.",
            ),
        },
        addressee={"en": "[… To whom]", "ru": "[… Кому]"},
        who_may_sign={
            "en": "Deputies of municipal councils in office today",
            "ru": "Действующие депутаты муниципальных советов",
        },
        # Councils publish who sits in them and how to reach them, so that more can be asked for.
        rules={"mail": "required", "roster": True, "reviewers": 2, "match_rule": "strong", "evidence_rule": 2},
    ),
    "academics": LetterTemplate(
        titles={"en": "[… Title] – an open letter of academics", "ru": "[… Название] — открытое письмо учёных"},
        texts={
            "en": _text_en(
                "people who teach and do research at universities and institutes",
                "[… what concerns teaching, research or those who study]",
                "We sign in person. Where an institution is named, it says where we work, and not what it holds.",
            ),
            "ru": _text_ru(
                "преподаватели и исследователи университетов и институтов",
                "[… что касается преподавания, науки или студентов]",
                "Мы подписываем письмо лично. Место работы указано для сведения и не выражает позицию организации.",
            ),
        },
        addressee={"en": "[… To whom]", "ru": "[… Кому]"},
        who_may_sign={
            "en": "People who teach or do research at a university or an institute",
            "ru": "Преподаватели и научные сотрудники университетов и институтов",
        },
        # No list names them all; most have a page of their own at their institution.
        rules={"mail": "required", "roster": False, "reviewers": 2, "match_rule": "any", "evidence_rule": 2},
    ),
    "employees": LetterTemplate(
        titles={"en": "[… Title] – an open letter of employees", "ru": "[… Название] — открытое письмо работников"},
        texts={
            "en": _text_en(
                "employees of [… the company or body]",
                "[… what concerns those who work there]",
                "We sign as people who work here, of all departments.",
            ),
            "ru": _text_ru(
                "работники [… название организации]",
                "[… что касается тех, кто там работает]",
                "Мы подписываем письмо как те, кто здесь работает, — из всех подразделений.",
            ),
        },
        addressee={"en": "[… To whom]", "ru": "[… Кому]"},
        who_may_sign={
            "en": "Everybody who works for [… the company or body]",
            "ru": "Все, кто работает в организации [… название]",
        },
        # A mailbox at work is read by the employer, and private ones may stay empty.
        rules={"mail": "optional", "roster": False, "reviewers": 2, "match_rule": "any", "evidence_rule": 1},
    ),
    "doctors": LetterTemplate(
        titles={"en": "[… Title] – an open letter of doctors", "ru": "[… Название] — открытое письмо врачей"},
        texts={
            "en": _text_en(
                "doctors, licensed and practising",
                "[… what concerns patients or those who treat them]",
                "We sign in person. Nothing in this letter concerns a single patient.",
            ),
            "ru": _text_ru(
                "врачи, имеющие право практики и работающие с пациентами",
                "[… что касается пациентов или тех, кто их лечит]",
                "Мы подписываем письмо лично. Ни один отдельный пациент в нём не упоминается.",
            ),
        },
        addressee={"en": "[… To whom]", "ru": "[… Кому]"},
        who_may_sign={
            "en": "Doctors with a licence to practise",
            "ru": "Врачи, имеющие право на медицинскую практику",
        },
        # A public register lists who may practise, often without a way to reach them.
        rules={"mail": "required", "roster": True, "reviewers": 2, "match_rule": "possible", "evidence_rule": 2},
    ),
}
