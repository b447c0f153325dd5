"""Ukrainian, Belarusian and Kazakh names: letters and apostrophes are taken, mended, and found across spellings."""

from __future__ import annotations

import pytest

from petition_app.matching import Entry, Query, RosterIndex
from petition_app.person_names.reading import UnfitTextError, read_name
from petition_app.roster.rules import person_key, split_name
from petition_app.signatures.rules import fold_name

APOSTROPHES = "'’ʼ‘`´′"
OTHERS = (
    "Соколов Пётр",
    "Ковальчук Ірина",
    "Мельник Олег",
    "Зайцава Алена",
    "Кулібаев Асқар",
    "Ахметова Айгүл",
    "Brown Ada",
)
PEOPLE = [
    # Ukrainian in Russian and in Latin letters.
    ("Лук’янець Мар’яна Дем’янівна", "Лукьянец Марьяна Демьяновна"),
    ("Лук’янець Мар’яна", "Лукянець Маряна"),
    ("Лук’янець Мар’яна", "Lukianets Mariana"),
    ("Їжак Єва Іллівна", "Ежак Ева Ильинична"),
    ("Їжак Єва Іллівна", "Yizhak Yeva"),
    ("Ґалаґан Ганна Олексіївна", "Галаган Анна Алексеевна"),
    ("Кириленко Олена Миколаївна", "Кириленко Елена Николаевна"),
    ("Бондаренко Сергій Володимирович", "Бондаренко Сергей Владимирович"),
    ("Бондаренко Сергій Володимирович", "Bondarenko Serhii Volodymyrovych"),
    ("Хмельницький Андрій", "Хмельницкий Андрей"),
    ("Згурський Пилип", "Згурский Филипп"),
    ("Третяк Ксенія", "Третьяк Ксения"),
    # Belarusian.
    ("Яўжыч Уладзімір Аляксандравіч", "Явжич Владимир Александрович"),
    ("Мяржынская Дар’я", "Мержинская Дарья"),
    ("Ціханоўскі Сяргей Леанідавіч", "Тихановский Сергей Леонидович"),
    ("Дзятлаў Мікалай", "Дятлов Николай"),
    ("Дзятлаў Мікалай", "Dziatlau Mikalai"),
    ("Гушча Кацярына", "Гуща Екатерина"),
    ("Абухоўская Вольга", "Обуховская Ольга"),
    ("Шаўчэнка Ігар", "Шевченко Ігор"),
    # Kazakh, in Russian and in both Latin alphabets.
    ("Қайырбек Әселгүл Нұрланқызы", "Кайырбек Асельгуль Нурлановна"),
    ("Қайырбек Әселгүл Нұрланқызы", "Кайырбек Асельгуль Нурланкызы"),
    ("Қайырбек Әселгүл", "Qaiyrbek Aselgul"),
    ("Өтеген Жәнібек", "Утеген Жанибек"),
    ("Өтеген Жәнібек", "Ötegen Jänıbek"),
    ("Ыбырай Ілияс", "Ибрай Ильяс"),
    ("Нұрбекұлы Алдияр", "Nurbekūly Aldiiar"),
    ("Һайдаров Ұлан", "Хайдаров Улан"),
    ("Шыңғысұлы Мұхтар", "Чингисулы Мухтар"),
    ("Жұмабаев Мағжан", "Jumabaev Magjan"),
]


@pytest.mark.parametrize(
    "name",
    [
        "Ґалаґан Ганна", "Їжак Єва Іллівна", "І. Франко", "О Їя", "Куп’янська-Об’єднана Юлія", "Яўжыч Уладзімір",
        "Ўсевалад Ў", "Дар’я Аб’ём", "Қайырбек Әселгүл Нұрланқызы", "Өтеген Жәнібек Үсенұлы", "Һайдар Ілияс",
        "Алуа Нұрбекқызы", "Ә. Нұрбеков", "ІВАНЕНКО ЄВГЕН",
    ],
)  # fmt: skip
def test_their_letters_are_taken_as_they_stand(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize("name", ["Лук’янець Мар’яна", "Дар’я Аб’ём"])
def test_an_apostrophe_is_one_sign_however_it_is_typed(name: str) -> None:
    typed = [name.replace("’", sign) for sign in APOSTROPHES]
    assert [read_name(each) for each in typed] == typed
    assert len({fold_name(each) for each in typed}) == 1
    assert len({person_key(each, "", "") for each in typed}) == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Пiддубний Iван", "Піддубний Іван"),  # Latin i and I.
        ("Їжaк Євa", "Їжак Єва"),
        ("Kaйрат", "Кайрат"),
        ("Əсел Əлиева", "Әсел Әлиева"),  # As an Azerbaijani keyboard has it.
        ("Жанiбек Ɵтеген", "Жанібек Өтеген"),
        ("hайдар Ұлан", "һайдар Ұлан"),
        ("Цiханоўскi Ян", "Ціханоўскі Ян"),
        ("Мар’\u200eяна", "Мар’яна"),
    ],
)
def test_letters_of_another_keyboard_are_mended_with_consent_alone(typed: str, meant: str) -> None:
    with pytest.raises(UnfitTextError) as error:
        read_name(typed)
    assert error.value.suggestion == meant


@pytest.mark.parametrize(("entry", "typed"), [*PEOPLE, *((typed, entry) for entry, typed in PEOPLE)])
def test_a_person_is_found_across_their_spellings(entry: str, typed: str) -> None:
    entries = [Entry(str(number), *split_name(name)) for number, name in enumerate((entry, *OTHERS))]
    match = RosterIndex(entries).match(Query(typed))
    assert match.candidates[0].entry.id == "0"
    assert match.verdict in ("strong", "possible")


@pytest.mark.parametrize(
    ("entry", "typed"),
    [
        ("Нұрбекұлы Алдияр", "Нұрбекқызы Алдияр"),
        ("Їжак Єва", "Іжаков Євген"),
        ("Ціханоўскі Сяргей", "Ціханоўская Святлана"),
        ("Өтеген Жәнібек", "Өтеген Жансая"),
    ],
)
def test_who_is_only_alike_is_never_certain(entry: str, typed: str) -> None:
    entries = [Entry(str(number), *split_name(name)) for number, name in enumerate((entry, *OTHERS))]
    assert RosterIndex(entries).match(Query(typed)).verdict != "strong"
