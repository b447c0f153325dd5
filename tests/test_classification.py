"""Every column is classified: whether it says something about a person, and how long it is kept.

Whoever adds a column adds it here. What says something about a signer in plain must have an end.
"""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary, String

from petition_app.retention.key_rotation import ELSEWHERE, UNDER_THE_RING
from petition_app.storage.db import Base

# How much a column says about a person.
NONE = "nobody"  # Ids, states, numbers, rules, public texts.
STAFF = "staff"  # Members of staff, who are named to one another.
ROSTER = "roster"  # Who may sign; says nothing about who did.
RANDOM = "a random value that stands for a signature"  # Hashes of random secrets, public keys.
INDEX = "a keyed index of a person"  # Standard mode only; in sealed mode of the verified alone, under their key.
SEALED = "sealed"  # Unreadable once its key is gone.
KEY = "a wrapped key"
PUBLIC = "public with consent"

RETENTION = {
    NONE: "as long as the petition",
    STAFF: "as long as the account",
    ROSTER: "as long as the petition",
    RANDOM: "as long as the petition",
    INDEX: "until withdrawal, rejection + 14 days, or decision + 30 days (mailbox)",
    SEALED: "until its key is erased",
    KEY: "unconfirmed 72 hours; rejected 14 days; contact 30 days after the decision; withdrawal at once; "
    "sealed petitions at most 90 days after they close",
    PUBLIC: "until the signer withdraws it",
}

COUNTS = "arrived unconfirmed discarded received checking needs_info verified rejected duplicate withdrawn retracted"

COLUMNS: dict[str, dict[str, str]] = {
    "account_keys": {STAFF: "account_id public signing_public made_at", KEY: "private_box duress_box"},
    "account_sessions": {STAFF: "token_hash account_id started_at"},
    "accounts": {STAFF: "id email email_key name password active fs_uniquifier seen_on"},
    "approval_requests": {
        NONE: "id petition_id kind payload digest state asked_by_id asked_at decided_by_id decided_at"
    },
    "audit_events": {NONE: "id act petition_id actor_id object_id number day at position link"},
    "batches": {NONE: "id petition_id number size announcement started_at sealed_at policies"},
    "breakdowns": {NONE: "petition_id as_of", PUBLIC: "total roles places"},
    "bulk_cases": {NONE: "bulk_id signature_id result"},
    "bulks": {NONE: "id petition_id account_id chosen state total left_out at"},
    "claims": {NONE: "id signature_id petition_id account_id hides asked_on closed_on"},
    "completions": {NONE: "name at mark"},
    "confirmations": {
        NONE: "signature_id petition_id tries_left expires_at used group_id shown_until",
        RANDOM: "pending_hash form_hash code_hash words_salt",
        SEALED: "agreement_box",
    },
    "contact_requests": {NONE: "id signature_id account_id asked_on answered_on tries_left", RANDOM: "code_hash"},
    "couriers": {NONE: "id public made_at seen_at"},
    "decisions": {
        NONE: "id signature_id petition_id position account_id outcome reason duplicate_of_id supersedes_id correction "
        "contact contacted_on eligible roster_number enacted bulk_id at",
        INDEX: "entry_mark judged",
    },
    "desk_tokens": {STAFF: "token_hash account_id petition_id made_at"},
    "drafts": {NONE: "petition_id kind fields account_id at"},
    "duress_alarms": {STAFF: "account_id raised_at"},
    "due_marks": {NONE: "id petition_id since urgent"},
    "due_names": {NONE: "signature_id petition_id"},
    "evidence": {NONE: "id signature_id petition_id account_id kind strength danger own_word on removed_on"},
    "freezes": {NONE: "petition_id account_id cause at statement"},
    "group_entries": {NONE: "id petition_id account_id title size confirmed sheets created_on", RANDOM: "form_hash"},
    "held_reports": {NONE: "petition_id day numbers"},
    "import_bad_rows": {NONE: "import_id line reason"},
    "import_chunks": {NONE: "import_id number", SEALED: "box"},
    "import_members": {NONE: "import_id signature_id"},
    "imported_refs": {INDEX: "ref_index", NONE: "import_id"},
    "imports": {
        NONE: "id petition_id account_id sha256 initial state columns total staged bad added at undone_at",
        SEALED: "box",
        RANDOM: "terms",
    },
    "jobs": {NONE: "id name due_at tries failure courier_id petition_id handed_at dead_on", SEALED: "payload"},
    "key_wraps": {NONE: "id key_id account_id", KEY: "box"},
    "knocks": {NONE: "id key_id", SEALED: "box"},
    "leases": {NONE: "signature_id account_id until"},
    "mail_server_offers": {NONE: "name offered seen_on"},
    "match_leases": {NONE: "petition_id account_id until"},
    "match_pages": {NONE: "id petition_id last_id", SEALED: "box"},
    "memberships": {STAFF: "id account_id petition_id role"},
    "milestones": {NONE: "id petition_id kind at day recipient words changes"},
    "near_keys": {NONE: "signature_id petition_id", INDEX: "key"},
    "notice_wishes": {STAFF: "account_id language last_on"},
    "pending_checkpoints": {NONE: "id since"},
    "petition_keys": {NONE: "id petition_id number public recovery_public made_at retired_at", KEY: "index_box"},
    "petitions": {
        NONE: "id slug state addressee who_may_sign goal opens closes mode mail roster reviewers match_rule "
        "evidence_rule evidence_kinds banner threat unfinished time_zone names_order rehearsal organizers contact "
        "former_policies created_at opened_at closed_at frozen_at freeze_after",
    },
    "publications": {NONE: "id petition_id number as_of tally named speed samples trail_length trail_head"},
    "published_names": {
        NONE: "signature_id petition_id batch_number sorted_as",
        PUBLIC: "name role place sort_key collation_key initial spelled folded",
    },
    "published_places": {NONE: "petition_id", PUBLIC: "place number"},
    "questions": {
        NONE: "id signature_id account_id asked_on answered_on reminders reminded_on",
        SEALED: "box",
    },
    "rechecks": {NONE: "id sample_id signature_id position account_id taken_at finding at"},
    "roster_entries": {
        ROSTER: "id version_id key surname given patronymic body place role term_from term_to contact contact_safe",
    },
    "roster_versions": {
        ROSTER: "id petition_id number name as_of sha256 columns size state added gone changed reading at",
    },
    "samples": {
        NONE: "id petition_id batch_id population size key_id seed_hash seed members committed_by_id committed_at "
        "drawn_at",
        SEALED: "seed_box",
    },
    "sealed_keys": {NONE: "id signature_id part_id key_id", KEY: "box"},
    "sealed_parts": {NONE: "id signature_id part", SEALED: "box"},
    "second_codes": {NONE: "signature_id", RANDOM: "code_hash"},
    "second_looks": {NONE: "id signature_id petition_id account_id position asked_on closed_on"},
    "sent_letters": {NONE: "signature_id sent_on", RANDOM: "message_index"},
    "signature_deltas": {NONE: f"id petition_id batch_id {COUNTS}"},
    "signatures": {
        NONE: "id petition_id text_version_id batch_id state language publication_tier min_named_others arrived_on "
        "names_stale match_class matched_roster awaiting_enactment",
        RANDOM: "commitment code_hash signer_key",
        SEALED: "agreement_box",
        INDEX: "name_index mailbox_index match_index entry_index",
    },
    "signer_acts": {NONE: "id act petition_id number day"},
    "signing_keys": {NONE: "petition_id public_key key_id made_on", KEY: "box"},
    "signed_acts": {NONE: "nonce at"},
    "staged_rows": {
        NONE: "id import_id line language publication_tier",
        RANDOM: "commitment code_hash signer_key",
        SEALED: "agreement_box",
        INDEX: "name_index mailbox_index ref_index",
    },
    "switches": {NONE: "name since"},
    "task_failures": {NONE: "task object_id failure times since"},
    "tally_days": {NONE: "petition_id day tally"},
    "tally_totals": {NONE: f"id petition_id batch_id {COUNTS}"},
    "text_versions": {NONE: "id petition_id number titles texts sha256 created_at previewed_at"},
    "unlocks": {STAFF: "token_hash account_id petition_id started_at seen_at", KEY: "box"},
    "staff_invitations": {
        STAFF: "id petition_id email email_key name role language invited_by_id code_hash sent_at expires_at mails"
    },
    "updates": {NONE: "id petition_id kind at texts batch_id source_id counts reason"},
    "worker_beats": {NONE: "id seen_at"},
}


@pytest.mark.parametrize("table", sorted(Base.metadata.tables.keys() | COLUMNS.keys()))
def test_every_column_is_classified_with_its_retention(table: str) -> None:
    there = set(Base.metadata.tables[table].columns.keys()) if table in Base.metadata.tables else set()
    classified = [column for columns in COLUMNS.get(table, {}).values() for column in columns.split()]
    assert sorted(there) == sorted(classified), "say here what a new column tells about a person, and until when"
    assert set(COLUMNS[table]) <= RETENTION.keys()


def test_what_lies_about_as_bytes_is_never_called_harmless_without_a_reason() -> None:
    public = {
        ("audit_events", "link"), ("imports", "sha256"), ("text_versions", "sha256"), ("samples", "seed"),
        ("samples", "seed_hash"), ("couriers", "public"), ("petition_keys", "public"),
        ("petition_keys", "recovery_public"), ("signing_keys", "public_key"), ("freezes", "statement"),
        ("approval_requests", "digest"),
        ("signed_acts", "nonce"), ("publications", "trail_head"),
    }  # fmt: skip
    found = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name in COLUMNS[table.name].get(NONE, "").split()
    }
    assert found <= public


def test_whatever_is_sealed_says_under_what_so_that_a_new_server_key_takes_it_over() -> None:
    """Whoever adds a sealed column says in `rewrapping` whether it lies under the server's key ring."""
    sealed = {
        f"{table}.{column}"
        for table, columns in COLUMNS.items()
        for kind in (SEALED, KEY)
        for column in columns.get(kind, "").split()
    }
    under_the_ring = {f"{shelf.name}.{column}" for shelf in UNDER_THE_RING for column in shelf.columns}
    assert sealed <= under_the_ring | ELSEWHERE.keys()
    assert not under_the_ring & ELSEWHERE.keys()
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name == "key_id" and isinstance(column.type, String)
    }
    assert named <= under_the_ring, "a column that names a key of the ring is counted and moved"
