"""Where the alphabets of languages differ from the common order of their script: CLDR 47's rules, in short.

Taken from its collations (Unicode licence), as far as they tell letters of names apart. `c<č` puts č after c, `c<<č`
among c, `^z<ž` before z, `=þ:th` reads þ as th; what had another place leaves it. Apostrophes are written ʻ.
"""

from __future__ import annotations

# Languages whose script comes before all others; Latin does otherwise.
FIRST = {
    **dict.fromkeys(("be", "bg", "kk", "ky", "mk", "mn", "os", "ru", "sr", "tg", "uk"), "CYRILLIC"),
    **dict.fromkeys(("ar", "fa", "ps", "ug", "ur"), "ARABIC"),
    "am": "ETHIOPIC",
    "bn": "BENGALI",
    "el": "GREEK",
    "he": "HEBREW",
    "hi": "DEVANAGARI",
    "hy": "ARMENIAN",
    "ka": "GEORGIAN",
    "ko": "HANGUL",
    "my": "MYANMAR",
    "si": "SINHALA",
    "ta": "TAMIL",
    "th": "THAI",
    "zh": "CJK",
}
UPPER_FIRST = frozenset(("da", "mt"))
DOTTED = frozenset(("az", "tr"))  # Where I and İ are the capitals of ı and i.
_NORDIC = "d<<đ<<ð =þ:th y<<ü<<ű ^ǀ<æ<<ä<<ę<ø<<ö<<ő<<œ<å<<aa"
_GAJ = "c<č<ć d<dž<đ l<lj n<nj s<š z<ž"
TAILORINGS = {
    "ar": "ء<<أ<<ؤ<<إ<<ئ<<ا =آ:ءا",
    "az": "c<ç g<ğ ^i<ı o<ö s<ş u<ü k<q e<ə h<x z<w",
    "be": "е<ё у<ў",
    "br": "c<ch<cʻh",
    "bs": _GAJ,
    "cs": "c<č h<ch r<ř s<š z<ž",
    "cy": "c<ch d<dd f<ff g<ng l<ll p<ph r<rh t<th",
    "da": "d<<đ<<ð =þ:th y<<ü<<ű ^ǀ<æ<<ä<ø<<ö<<ő<å<<aa =œ:oe",
    "eo": "c<ĉ g<ĝ h<ĥ j<ĵ s<ŝ u<ŭ",
    "es": "n<ñ",
    "et": "^t<š<z<ž ^x<õ<ä<ö<ü",
    "fa": "^ا<آ ا<<ٱ<ء<<أ<<ٲ<<إ<<ٳ<<ؤ<<ئ ک<<ڪ<<ګ<<ك<<ڬ<<ڭ<<ڮ ۋ<ه<<ە<<ہ<<ة<<ۃ<<ۀ<<ھ ی<<ى<<ے<<ي<<ې<<ۍ<<ێ",
    "fi": "y<<ü ^ǀ<å<ä<<æ<ö<<ø",
    "fil": "n<ñ<ng",
    "fo": _NORDIC,
    "fy": "i<<y",
    "gl": "n<ñ",
    "hr": _GAJ,
    "hsb": "c<č<ć e<ě h<ch ^l<ł r<ř s<š z<ž<ź",
    "hu": "c<cs d<dz<dzs g<gy l<ly n<ny s<sz t<ty z<zs o<ö<<ő u<ü<<ű =ccs:cscs =ddz:dzdz =ddzs:dzsdzs =ggy:gygy "
    "=lly:lyly =nny:nyny =ssz:szsz =tty:tyty =zzs:zszs",
    "hy": "=եւ:եվ",
    "is": "^b<á d<<đ<ð ^f<é ^j<í ^p<ó ^v<ú ^z<ý ^ǀ<æ<<ä<ö<<ø<å",
    "kk": "е<ё ұ<ү ^ь<і",
    "ku": "c<ç e<ê i<î s<ş u<û",
    "ky": "е<ё",
    "lt": "c<č i<<y s<š z<ž",
    "lv": "a<ā c<č e<ē g<ģ i<y<ī k<ķ l<ļ n<ņ o<ō r<ŗ s<š u<ū z<ž",
    "mk": "д<ѓ ћ<ќ",
    "mt": "^c<ċ ^g<ġ ^h<għ ^i<ħ ^z<ż",
    "nb": _NORDIC,
    "nn": _NORDIC,
    "no": _NORDIC,
    "pl": "a<ą c<ć e<ę l<ł n<ń o<ó s<ś z<ź<ż",
    "ps": "^ا<آ ا<<أ<<ٲ<<ٱ<<إ<<ٳ<ء ت<ټ<<ٹ ج<ځ چ<څ د<ډ<<ڈ ر<ړ<<ڑ ژ<ږ ک<<ڪ<<ك ګ<<گ ڼ<<ڻ و<<ؤ<<ۇ ه<<ە<<ہ<<ھ<<ة<<ۃ "
    "ی<<ى<<ے<<ي<<ې<<ۍ<<ئ",
    "ro": "a<ă<â i<î s<ş<<ș t<ţ<<ț",
    "sk": "a<ä c<č h<ch o<ô r<ř s<š z<ž",
    "sl": "c<č<ć d<đ s<š z<ž",
    "sq": "^d<ç ^e<dh ^f<ë ^h<gj ^m<ll ^o<nj ^s<rr ^t<sh ^u<th ^y<xh ^ʒ<zh",
    "sv": "d<<đ<<ð =þ:th y<<ü<<ű ^ǀ<å<ä<<æ<<ę<ö<<ø<<ő<<œ<<ô",
    "tk": "c<ç e<ä j<ž n<ň o<ö s<ş u<ü y<ý",
    "tr": "c<ç g<ğ ^i<ı o<ö s<ş u<ü",
    "ug": "^ا<ئ ا<ە<ب ك<گ<ڭ<ل ھ<و<ۇ<ۆ<ۈ<ۋ<ې<ى<ي",
    "uk": "г<ґ і<ї",
    "ur": "ا<<أ<آ<ب<بھ<پ<پھ<ت<تھ<ٹ<ٹھ<ث<ج<جھ<چ<چھ<ح<خ<د<دھ<ڈ<ڈھ<ذ<ر<رھ<ڑ<ڑھ<ز<ژ<س<ش<ص<ض<ط<ظ<ع<غ<ف<ق<ک<کھ<گ<گھ<ل<لھ<م<مھ"
    "<ن<نھ<ں<ںھ<و<<ؤ<وھ<ہ<<ۂ<ھ<ۃ<ء<ی<<ئ<یھ<ے<<ۓ",
    "uz": "^ʒ<oʻ<gʻ<sh<ch",
    "vi": "a<ă<â d<đ e<ê o<ô<ơ u<ư",
}
# Languages in whose order the names of a letter may stand.
LANGUAGES = (*sorted({*TAILORINGS, *FIRST, *["ca", "de", "en", "fr", "ga", "id", "it", "ja", "ms", "nl", "pt"]}),)
# Marks in the order in which they count; of a language with another order those that differ come first.
MARKS = (
    "\u0332\u0313\u0314\u0301\u0300\u0306\u0302\u030c\u030a\u0342\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304\u030d"
    "\u030e\u0312\u0315\u0337\u0335\u0309\u030f\u0310\u0311\u031b\u0321\u0322\u0323\u0324\u0325\u0326\u032d\u032e\u0330"
    "\u0331\u0345"
)
OTHER_MARKS = {"vi": "\u0300\u0309\u0303\u0301\u0323"}
