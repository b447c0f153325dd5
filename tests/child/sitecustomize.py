"""What Python does first in every process that a test starts: `tests/conftest.py` puts this folder on its path.

Passwords and passphrases cost as little as in the process of the tests, which must also open what such a process has
sealed; where `FULL_COSTS` is set they cost what the product asks for.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import ModuleType


class Cheap(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the modules that derive keys as they are, and lowers what a derivation costs."""

    CHANGES = ("petition_app.crypto.vault", "petition_app.crypto.passwords")

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Step in for the two modules alone."""
        if name not in self.CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        self.real, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make the module as Python does."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run it, then lower its costs."""
        self.real.exec_module(module)
        lower(module)


# What the people of tests sign in with and lock their keys with; that it is good is asked in a test of its own.
GOOD = ("a long password of tests", "four unusual words of tests")


def lower(module: ModuleType) -> None:
    """Give the vault or the passwords the least that Argon2 allows; the vault keeps the product's as `full_costs`.

    How easily the passwords of tests are guessed is not looked at each time.
    """
    names = vars(module)
    if "PASSES" in names:
        names.setdefault("full_costs", {name: names[name] for name in ("PASSES", "LANES", "MEMORY")})
        names.update(PASSES=1, LANES=1, MEMORY=8)
    else:
        names.update(hasher=names["PasswordHasher"](time_cost=1, memory_cost=8, parallelism=1))
        ask = names["is_common"]
        names.update(is_common=lambda secret, *about: secret not in GOOD and ask(secret, *about))


if __name__ == "sitecustomize" and not os.environ.get("FULL_COSTS"):
    sys.meta_path.insert(0, Cheap())
