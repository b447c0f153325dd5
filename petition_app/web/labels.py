"""Words for the closed sets of the desk: reasons, contacts, evidence, matches, states, tiers."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext

KIND_WORDS = {
    "official_contact": lazy_gettext("Reply from the contact on the official record"),
    "public_profile": lazy_gettext("Public profile that links back"),
    "known_account": lazy_gettext("Post from an account known to be theirs"),
    "live_call": lazy_gettext("Live call"),
    "in_person": lazy_gettext("In person"),
    "vouched": lazy_gettext("Vouched for"),
    "document": lazy_gettext("Document shown"),
}
REASON_WORDS = {
    "not_found": lazy_gettext("Not on the roster"),
    "not_eligible": lazy_gettext("Not entitled to sign this letter"),
    "not_reached": lazy_gettext("Could not be reached"),
    "denies_signing": lazy_gettext("The person says they did not sign"),
    "not_that_person": lazy_gettext("Somebody else used this name"),
    "incomplete": lazy_gettext("Too little was given to find the person"),
}
CONTACT_WORDS = {
    "official_contact": lazy_gettext("Through the contact on the official record"),
    "public_profile": lazy_gettext("Through a public profile of theirs"),
    "known_account": lazy_gettext("Through an account known to be theirs"),
    "live_call": lazy_gettext("By telephone or video"),
    "in_person": lazy_gettext("In person"),
    "signers_word": lazy_gettext("A member of staff holds their word"),
}
# What a reviewer goes by, in one question: ways in which the person was reached, and what was only seen.
SEEN_WORDS = {
    "profile_seen": lazy_gettext("A public profile of theirs links back"),
    "vouched": lazy_gettext("A verified signer vouches for them"),
    "document": lazy_gettext("A document was shown"),
}
RETRACTION_WORDS = {
    "entered_in_error": lazy_gettext("It had been entered in error"),
    "not_verified_after_all": lazy_gettext("It could not be verified after all"),
    "denies_signing": lazy_gettext("The person says they did not sign"),
    "no_longer_eligible": lazy_gettext("The signer may not sign this letter"),
    "checked_again": lazy_gettext("It has to be checked again"),
}
STRENGTH_WORDS = {
    1: lazy_gettext("weak: somebody else could have made it"),
    2: lazy_gettext("fair: hard to make for somebody else"),
    3: lazy_gettext("strong: only this person could have given it"),
}
ELIGIBLE_WORDS = {
    "on_roster": lazy_gettext("On the roster"),
    "other_grounds": lazy_gettext("Entitled on other grounds"),
}
MATCH_WORDS = {
    "strong": lazy_gettext("strong match"),
    "possible": lazy_gettext("possible match"),
    "weak": lazy_gettext("weak match"),
    "none": lazy_gettext("no match"),
}
PART_WORDS = {
    "surname": lazy_gettext("surname"),
    "given": lazy_gettext("given name"),
    "patronymic": lazy_gettext("patronymic"),
    "name": lazy_gettext("name"),
    "place": lazy_gettext("body or place"),
    "term": lazy_gettext("term of office"),
    "other": lazy_gettext("other part"),
    "order": lazy_gettext("order"),
    "third": lazy_gettext("third signature"),
    "mailbox": lazy_gettext("mailbox"),
    "region": lazy_gettext("region"),
    "entry": lazy_gettext("roster entry"),
}
RELATION_WORDS = {
    "exact": lazy_gettext("same"),
    "similar": lazy_gettext("similar"),
    "initial": lazy_gettext("initial fits"),
    "known_form": lazy_gettext("known form"),
    "other_gender": lazy_gettext("form for the other gender"),
    "part": lazy_gettext("part of a double name"),
    "within": lazy_gettext("one is part of the other"),
    "swapped": lazy_gettext("the other way round"),
    "both": lazy_gettext("like both"),
    "different": lazy_gettext("different"),
    "missing": lazy_gettext("not given"),
    "agrees": lazy_gettext("agrees"),
    "disagrees": lazy_gettext("differs"),
    "out_of_term": lazy_gettext("not in office on that day"),
}
DOUBT_WORDS = {
    "against": lazy_gettext("something underlined speaks against it"),
    "several": lazy_gettext("others on the roster fit as well"),
    "given": lazy_gettext("the given name is not written out"),
    "place": lazy_gettext("no place or body was given, and others may bear this name"),
    "place_differs": lazy_gettext("the place or body differs"),
    "likely": lazy_gettext("it is a little less likely than a strong match has to be"),
}
TIER_WORDS = {
    0: lazy_gettext("Only counted; nothing about the person is published"),
    1: lazy_gettext("Role and region may be published, without the name"),
    2: lazy_gettext("The name may be given to the addressee, not to the public"),
    3: lazy_gettext("The name may be published with role and place"),
}
OUTCOME_WORDS = {
    "verified": lazy_gettext("verified"),
    "rejected": lazy_gettext("not verified"),
    "duplicate": lazy_gettext("duplicate"),
    "reopened": lazy_gettext("reopened"),
    "undone": lazy_gettext("undone"),
    "retracted": lazy_gettext("taken back"),
}
STATE_WORDS = {
    "received": lazy_gettext("received, waiting"),
    "checking": lazy_gettext("now being checked"),
    "needs_info": lazy_gettext("a question was asked"),
    "verified": lazy_gettext("verified"),
    "rejected": lazy_gettext("not verified"),
    "duplicate": lazy_gettext("counted once already"),
    "withdrawn": lazy_gettext("withdrawn"),
    "retracted": lazy_gettext("taken back"),
}


WORDS: dict[str, dict[Any, Any]] = {
    "kinds": KIND_WORDS,
    "strengths": STRENGTH_WORDS,
    "eligible": ELIGIBLE_WORDS,
    "matches": MATCH_WORDS,
    "parts": PART_WORDS,
    "relations": RELATION_WORDS,
    "contacts": CONTACT_WORDS,
    "seen": SEEN_WORDS,
    "doubts": DOUBT_WORDS,
    "outcomes": OUTCOME_WORDS,
    "reasons": {**REASON_WORDS, **RETRACTION_WORDS},
    "states": STATE_WORDS,
    "tiers": TIER_WORDS,
}
TIER_NUMBERS = {"0": 0, "1": 1, "2": 2, "3": 3}
