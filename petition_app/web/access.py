"""Who may use which page of the staff: closed unless it is named here."""

from __future__ import annotations

ANYBODY = frozenset({"organizer", "reviewer", "auditor"})
READERS = frozenset({"organizer", "auditor"})
DESK = frozenset({"organizer", "reviewer"})
ORGANIZER = frozenset({"organizer"})
AUDITOR = frozenset({"auditor"})

# Who may do what: an endpoint under /organizer that is not named here does not exist for anybody.
ROLES: dict[str, frozenset[str]] = {
    "petition.show": ANYBODY,
    "petition.preview": READERS,
    "petition.note_preview": ORGANIZER,
    "share.show": READERS,
    "share.poster": READERS,
    "share.poster_pdf": READERS,
    "petition.edit": ORGANIZER,
    "petition.save": ORGANIZER,
    "petition.change_state": ORGANIZER,
    "drafting.summary": ORGANIZER,
    "drafting.show": ORGANIZER,
    "drafting.save": ORGANIZER,
    "switches.show": ORGANIZER,
    "mail.show": ORGANIZER,
    "mail.resend_all": ORGANIZER,
    "mail.resend": ORGANIZER,
    "mail.drop": ORGANIZER,
    "announcements.write": ORGANIZER,
    "announcements.send": ORGANIZER,
    "switches.remove_banner": ORGANIZER,
    "opening.show": READERS,
    "opening.answer": ORGANIZER,
    "rehearsal.throw_away": ORGANIZER,
    "freeze.freeze": ORGANIZER,
    "freeze.unfreeze": ORGANIZER,
    "freeze.refuse": ORGANIZER,
    "freeze.here": ORGANIZER,
    "freeze.silence": ORGANIZER,
    "invitation_lists.manage": ORGANIZER,
    "invitation_lists.enter": ORGANIZER,
    "invitation_lists.print_again": ORGANIZER,
    "invitation_lists.withdraw": ORGANIZER,
    "keys.manage": ANYBODY,
    "keys.make": ORGANIZER,
    "keys.grant": DESK,
    "keys.take": ORGANIZER,
    "keys.renew": ORGANIZER,
    "keys.recover": ORGANIZER,
    "keys.make_token": DESK,
    "keys.withdraw_token": DESK,
    "unlock.ask": ANYBODY,
    "unlock.unlock": ANYBODY,
    "unlock.lock": ANYBODY,
    "people.people": READERS,
    "people.invite": ORGANIZER,
    "people.invite_several": ORGANIZER,
    "people.resend": ORGANIZER,
    "people.withdraw": ORGANIZER,
    "account.change_role": ORGANIZER,
    "account.remove": ORGANIZER,
    "approvals.show": READERS,
    "approvals.confirm": ORGANIZER,
    "approvals.refuse": ORGANIZER,
    "batches.seal": ORGANIZER,
    "lost_codes.ask": ORGANIZER,
    "lost_codes.find": ORGANIZER,
    "batches.seal_batch": ORGANIZER,
    "desk.show_desk": DESK,
    "desk.next_case": DESK,
    "desk.match": DESK,
    "desk.match_slice": DESK,
    "desk.case": DESK,
    "desk.decide": DESK,
    "desk.ask": DESK,
    "desk.put_back": DESK,
    "desk.add_evidence": DESK,
    "desk.remove_evidence": DESK,
    "desk.ask_contact": DESK,
    "desk.undo": DESK,
    "desk.hold": DESK,
    "desk.search_roster": DESK,
    "bulk.choose": ORGANIZER,
    "bulk.prepare": ORGANIZER,
    "bulk.show": ORGANIZER,
    "bulk.run": ORGANIZER,
    "bulk.cancel": ORGANIZER,
    "bulk.ask_undo": ORGANIZER,
    "bulk.undo": ORGANIZER,
    "batches.decided": READERS,
    "batches.find": ORGANIZER,
    "batches.look_up": ORGANIZER,
    "batches.decided_case": ORGANIZER,
    "batches.open_decided": ORGANIZER,
    "batches.reopen": ORGANIZER,
    "batches.undo": ORGANIZER,
    "batches.retract": ORGANIZER,
    "samples.samples": READERS,
    "samples.commit": AUDITOR,
    "samples.draw": AUDITOR,
    "samples.next_recheck": AUDITOR,
    "samples.recheck": AUDITOR,
    "samples.record_finding": AUDITOR,
    "samples.put_back": AUDITOR,
    "samples.estimate": READERS,
    "samples.explain_estimate": READERS,
    "claims.list_claims": ORGANIZER,
    "claims.leave": ORGANIZER,
    "second_looks.second_looks": ORGANIZER,
    "second_looks.leave": ORGANIZER,
    "roster.show": ORGANIZER,
    "roster.upload": ORGANIZER,
    "roster.preview": ORGANIZER,
    "roster.choose": ORGANIZER,
    "roster.use": ORGANIZER,
    "roster.discard": ORGANIZER,
    "roster.bad_rows": ORGANIZER,
    "imports.show_all": ORGANIZER,
    "imports.upload": ORGANIZER,
    "imports.show": ORGANIZER,
    "imports.choose": ORGANIZER,
    "imports.start": ORGANIZER,
    "imports.stop": ORGANIZER,
    "imports.bad_rows": ORGANIZER,
    "imports.ask_undo": ORGANIZER,
    "imports.undo": ORGANIZER,
    "exports.ask": READERS,
    "exports.export": READERS,
    "trail.trail": READERS,
    "trail.publish": ORGANIZER,
}
# Pages of a member's own machine, which the server does not have.
LOCAL: dict[str, frozenset[str]] = {
    "due_names.show": ORGANIZER,
    "due_names.look": ORGANIZER,
    "due_names.ask": ORGANIZER,
    "due_names.publish": ORGANIZER,
}
# Pages of staff that belong to no petition: anybody signed in.
SIGNED_IN = frozenset({
    "account.home", "account.ask_password", "account.change_password",
    "own_settings.show", "own_settings.begin_notices", "own_settings.end_notices",
    "help.show", "rehearsal.begin", "petition.new", "petition.create", "drafting.begin",
    "keys.mine", "keys.make_own", "keys.change_passphrase", "keys.remove_own",
})  # fmt: skip

# What somebody who was invited needs before they have an account: open to strangers.
OPEN = frozenset({"people.ask", "people.join"})

# What a member's own machine may do, with its token instead of a sign-in.
REMOTE: dict[str, frozenset[str]] = {
    "remote.mirror": DESK,
    "remote.next_case": DESK,
    "remote.others": DESK,
    "remote.act": DESK,
    "remote.alarm": DESK,
    "remote.due_names": ORGANIZER,
}

# What a sealed petition shows and does only while the keys are open.
NEEDS_KEYS = frozenset({
    "desk.next_case", "desk.case", "desk.decide", "desk.ask", "desk.add_evidence", "desk.ask_contact",
    "desk.hold", "desk.search_roster", "desk.undo",
    "desk.match", "desk.match_slice", "batches.decided_case", "batches.open_decided", "batches.look_up", *LOCAL,
    "invitation_lists.print_again", "lost_codes.ask", "lost_codes.find",
    "samples.next_recheck", "samples.recheck", "samples.record_finding", "keys.grant", "keys.renew",
})  # fmt: skip

# What makes, opens or hands on private keys in the process that answers requests: with UNLOCK_ON_SERVER=false none of
# it is there, and `flask keys` does it.
HOLDS_KEYS = frozenset({
    "keys.make_own", "keys.change_passphrase", "keys.make", "keys.grant", "keys.renew", "keys.recover",
})  # fmt: skip

# Of the sign-in library's pages, those we have made our own.
SIGN_IN = frozenset({"security.login", "security.logout"})

# What is committed together with others, by `group_commit`, which looks by itself whether anything may change.
IN_GROUPS = "sign.submit"

# What asks for the password again unless it was given minutes ago, and where one stands then.
FRESH = {
    "approvals.confirm": "approvals.show",
    "freeze.unfreeze": "switches.show",
    "keys.take": "keys.manage",
    "exports.export": "exports.ask",
    "account.remove": "people.people",
}

# What takes a password or a passphrase: nothing is written before it is checked, which takes long.
TAKES_SECRETS = frozenset({
    "security.login", "staff.people.join", "staff.account.change_password", "staff.keys.make_own",
    "staff.keys.change_passphrase", "staff.unlock.unlock",
    *(f"staff.{name}" for name in FRESH),
})  # fmt: skip

# What may still be done while the installation is read-only: sign in and out, and look at one's own signature or take
# it back, which `my_views` sees to.
ALWAYS = frozenset({"security.login", "security.logout", "my_signature.my_signature"})

# What staff may still do while their petition is frozen: look at it, warn the public, end the freeze.
WHILE_FROZEN = frozenset(
    {
        "petition.show",
        "petition.preview",
        "people.people",
        "trail.trail",
        "rehearsal.throw_away",
        "announcements.write",
        "announcements.send",
    }
    | {name for name in ROLES if name.startswith(("switches.", "freeze.", "approvals."))}
)
