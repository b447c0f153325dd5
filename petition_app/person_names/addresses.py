"""What in a line is an address on the internet, and no name that was written without a space after its dot."""

from __future__ import annotations

import re

# Endings that say nothing of a country and no surname is written like, and those of countries as of 2026 (ISO 3166
# and what IANA has besides), which are also ends of names: "Md.Al", "St.La".
_COMMON = (
    "com net org info biz edu gov mil int name pro mobi app dev io online site website shop store blog press email рф "
    "рус укр бел қаз мкд срб бг ею ελ"
)
_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc "
    "cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga "
    "gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in iq ir is it je jm jo jp ke "
    "kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt "
    "mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs "
    "ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv "
    "tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
COMMON, COUNTRIES = frozenset(_COMMON.split()), frozenset(_COUNTRIES.split())
_MAILBOX = re.compile(r"[^\s@]@[^\s@]")
_HOST = re.compile(r"(?:[^\W_][\w-]*\.)+(?P<ending>[^\W\d_]{2,})(?:[/:?#]\S*)?", re.UNICODE)
SHORTEST_HOST = 3


def holds_address(line: str) -> bool:
    """Return whether a line holds an address: `://`, `www.`, a mailbox, or a host with a known ending.

    A country's ending counts where the host is written in small letters, or is the whole line.
    """
    if "." not in line and "@" not in line and ":" not in line:
        return False
    if "://" in line or "www." in line.casefold() or _MAILBOX.search(line):
        return True
    words = line.split()
    return any(_is_host(word.strip(",;()«»\"'"), alone=len(words) == 1) for word in words)


def _is_host(word: str, *, alone: bool) -> bool:
    found = _HOST.fullmatch(word)
    if not found:
        return False
    host, ending = word[: found.start("ending") - 1], found["ending"]
    if ending.casefold() in COMMON:
        return ending.islower() or word.isupper()
    is_written_small = host.islower() and len(host) >= SHORTEST_HOST
    return ending in COUNTRIES and (is_written_small or (alone and len(host) > SHORTEST_HOST))
