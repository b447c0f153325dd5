"""Who may use which page of the staff: closed unless it is named here."""

from __future__ import annotations

ANYBODY = frozenset({"organizer", "reviewer", "auditor"})
READERS = frozenset({"organizer", "auditor"})
DESK = frozenset({"organizer", "reviewer"})
ORGANIZER = frozenset({"organizer"})
AUDITOR = frozenset({"auditor"})

# Who may do what: an endpoint under /organizer that is not named here does not exist for anybody.
ROLES: dict[str, frozenset[str]] = {
    "petitions.show": ANYBODY,
    "petitions.preview": READERS,
    "petitions.edit": ORGANIZER,
    "petitions.save": ORGANIZER,
    "petitions.change_state": ORGANIZER,
    "switches.show": ORGANIZER,
    "mail.show": ORGANIZER,
    "mail.resend_all": ORGANIZER,
    "mail.resend": ORGANIZER,
    "mail.drop": ORGANIZER,
    "words.write": ORGANIZER,
    "words.send": ORGANIZER,
    "switches.remove_banner": ORGANIZER,
    "opening.show": READERS,
    "opening.answer": ORGANIZER,
    "rehearsing.throw_away": ORGANIZER,
    "freezing.freeze": ORGANIZER,
    "freezing.unfreeze": ORGANIZER,
    "freezing.refuse": ORGANIZER,
    "freezing.here": ORGANIZER,
    "freezing.silence": ORGANIZER,
    "groups.manage": ORGANIZER,
    "groups.enter": ORGANIZER,
    "groups.print_again": ORGANIZER,
    "groups.withdraw": ORGANIZER,
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
    "joining.people": READERS,
    "joining.invite": ORGANIZER,
    "joining.resend": ORGANIZER,
    "joining.withdraw": ORGANIZER,
    "accounts.change_role": ORGANIZER,
    "accounts.remove": ORGANIZER,
    "approvals.show": READERS,
    "approvals.confirm": ORGANIZER,
    "approvals.refuse": ORGANIZER,
    "verification.seal": ORGANIZER,
    "lost_words.ask": ORGANIZER,
    "lost_words.find": ORGANIZER,
    "verification.seal_batch": ORGANIZER,
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
    "bulk.choose": ORGANIZER,
    "bulk.prepare": ORGANIZER,
    "bulk.show": ORGANIZER,
    "bulk.run": ORGANIZER,
    "bulk.cancel": ORGANIZER,
    "bulk.ask_undo": ORGANIZER,
    "bulk.undo": ORGANIZER,
    "verification.decided": READERS,
    "verification.find": ORGANIZER,
    "verification.decided_case": ORGANIZER,
    "verification.open_decided": ORGANIZER,
    "verification.reopen": ORGANIZER,
    "verification.undo": ORGANIZER,
    "verification.retract": ORGANIZER,
    "sampling.samples": READERS,
    "sampling.commit": AUDITOR,
    "sampling.draw": AUDITOR,
    "sampling.next_recheck": AUDITOR,
    "sampling.recheck": AUDITOR,
    "sampling.record_finding": AUDITOR,
    "sampling.put_back": AUDITOR,
    "sampling.estimate": READERS,
    "sampling.explain_estimate": READERS,
    "claims.list_claims": ORGANIZER,
    "claims.leave": ORGANIZER,
    "second_look.second_looks": ORGANIZER,
    "second_look.leave": ORGANIZER,
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
    "tally.trail": READERS,
    "tally.publish": ORGANIZER,
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
    "accounts.home", "accounts.ask_password", "accounts.change_password",
    "help.show", "rehearsing.begin", "petitions.new", "petitions.create",
    "keys.mine", "keys.make_own", "keys.change_passphrase", "keys.remove_own",
})  # fmt: skip

# What somebody who was invited needs before they have an account: open to strangers.
OPEN = frozenset({"joining.ask", "joining.join"})

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
    "desk.match", "desk.match_slice", "verification.decided_case", "verification.open_decided", *LOCAL,
    "groups.print_again", "lost_words.ask", "lost_words.find",
    "sampling.next_recheck", "sampling.recheck", "sampling.record_finding", "keys.grant", "keys.renew",
})  # fmt: skip

# What makes, opens or hands on private keys in the process that answers requests: with UNLOCK_ON_SERVER=false none of
# it is there, and `flask keys` does it.
HOLDS_KEYS = frozenset({
    "keys.make_own", "keys.change_passphrase", "keys.make", "keys.grant", "keys.renew", "keys.recover",
})  # fmt: skip

# Of the sign-in library's pages, those we have made our own.
SIGN_IN = frozenset({"security.login", "security.logout"})

# What is committed together with others, by `signatures.intake`, which looks by itself whether anything may change.
IN_GROUPS = "signatures.submit"

# What asks for the password again unless it was given minutes ago, and where one stands then.
FRESH = {
    "approvals.confirm": "approvals.show",
    "freezing.unfreeze": "switches.show",
    "keys.take": "keys.manage",
    "exports.export": "exports.ask",
    "accounts.remove": "joining.people",
}

# What takes a password or a passphrase: nothing is written before it is checked, which takes long.
TAKES_SECRETS = frozenset({
    "security.login", "staff.joining.join", "staff.accounts.change_password", "staff.keys.make_own",
    "staff.keys.change_passphrase", "staff.unlock.unlock",
    *(f"staff.{name}" for name in FRESH),
})  # fmt: skip

# What may still be done while the installation is read-only: sign in and out, and look at one's own signature or take
# it back, which `my_views` sees to.
ALWAYS = frozenset({"security.login", "security.logout", "verification.my_signature"})

# What staff may still do while their petition is frozen: look at it, warn the public, end the freeze.
WHILE_FROZEN = frozenset(
    {
        "petitions.show",
        "petitions.preview",
        "joining.people",
        "tally.trail",
        "rehearsing.throw_away",
        "words.write",
        "words.send",
    }
    | {name for name in ROLES if name.startswith(("switches.", "freezing.", "approvals."))}
)
