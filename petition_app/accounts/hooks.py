"""What other domains do for accounts in one application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from petition_app.accounts.models import Account, ApprovalRequest

CarryOut = Callable[[ApprovalRequest, Account, datetime], object]


@dataclass(frozen=True)
class AccountHooks:
    """Called by the services of accounts; registered by `app.py`.

    `holds_keys` says whether an account holds keys of a petition, as whoever is `seen_by` may see it. `carry_out` has,
    by the kind of a request, what happens in the transaction of its confirmation.
    """

    holds_keys: tuple[Callable[..., bool], ...] = ()
    carry_out: Mapping[str, CarryOut] = field(default_factory=dict)
