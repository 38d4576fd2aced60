"""A contract: what was agreed, what it was agreed on, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from coalesce_sim.adversaries.protocol import Effort
from coalesce_sim.market.contracts.incidents import TAMPERED
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.results import Work
from coalesce_sim.market.contracts.states import SUBMITTED
from coalesce_sim.scenario.security import INCIDENT_KINDS


@dataclass(slots=True, kw_only=True)
class Contract:
    """One contract on a task of an open block. Times in seconds of the run, amounts in USD.

    `task` is the task's number in the run, `row` that in its block; `attempt` counts the contracts on it from
    0. `agreed_usd` is the price as it was asked, `due_usd` what it comes to by the tokens that are really
    written; a `fixed_price` is due as agreed, even where others are billed by use. The estimates it was made
    on: `plain_usd` the charges before correction by experience, `quoted_s` the time until the work is done,
    `estimated_usd` the whole cost, `internal_usd` that of staying at home.

    `service_s` is how long the work will really take (the writing of `tokens` left out, where a machine
    serves all its jobs at once), `expected_s` how long its contractor thinks, and `quoted_own_usd` what that
    thinks to spend on it; `search_s` is what finding the contractor takes, `deadline_s` when the client
    cancels (infinite: never). `work` is its luck with the task, `done_well` whether that is good as it was
    last done; at first, honestly.

    As it goes on: `sent` says whether data went out. Of what was delivered, `passed` says whether it passed
    the check, `reported` whether the client says so, to the payer and to the ratings, and `kept` whether it
    takes the work in; of the honest all three are the same. `reason` says more than the final `state` does
    where the work was not `accepted`. `worked_s` is how long the work kept its slot, or its share of a
    machine that served others too, and `own_usd` what that cost its contractor, NaN where nothing tells its
    costs. `billed_usd` is what was due in the end, `paid_usd` what the contractor got of it, `fees_usd` what
    the client paid on top. `incident` names what happened to its data or its work, if anything did:
    leaked data cost the client `leak_usd` and its insurance `insured_usd`. `audited` says whether work that
    passed was looked at again, `waived_usd` what was not paid of its price because its contractor owed dues.

    Where a book is kept, `number` is the contract's in it, -1 for one whose price could not be set aside, and
    `held_units` what escrow holds for it. `full_usd` is what is billed for accepted work, and `slashed` says
    that its contractor has lost its stake.

    Where somebody may cheat, `effort` is how the work was done, None for honestly, `other_usd` what another's
    work cost that was delivered in its place, NaN where none was, `honest_good` whether it is good when it is
    done honestly, and `honest_usd` what is due for it by an honest price. `manipulated` says that somebody
    did otherwise, and `harm_usd` what that cost the client at once: price, fees, and what bad work costs it,
    less those of the same contract kept honestly.
    """

    opened: OpenContractBlock
    task: int
    row: int
    attempt: int
    client: int
    contractor: int
    type_id: int
    agreed_usd: float
    fixed_price: bool
    due_usd: float
    plain_usd: float
    quoted_s: float
    estimated_usd: float
    internal_usd: float
    quoted_own_usd: float
    explored: bool
    service_s: float
    tokens: float
    expected_s: float
    search_s: float
    submitted_s: float
    deadline_s: float
    work: Work
    done_well: bool
    honest_usd: float
    honest_good: bool
    effort: Effort | None = None
    other_usd: float = float("nan")
    auth_required: bool = False
    input_required: bool = False
    sent: bool = False
    working_s: float = float("nan")
    worked_s: float = 0.0
    own_usd: float = 0.0
    ended_s: float = float("nan")
    state: str = SUBMITTED
    reason: str = ""
    passed: bool = False
    reported: bool = False
    kept: bool = False
    billed_usd: float = 0.0
    paid_usd: float = 0.0
    fees_usd: float = 0.0
    incident: str = ""
    leak_usd: float = 0.0
    insured_usd: float = 0.0
    audited: bool = False
    waived_usd: float = 0.0
    number: int = -1
    held_units: int = 0
    full_usd: float = 0.0
    slashed: bool = False
    manipulated: bool = False
    harm_usd: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the work is good, or would have been; it is not if it was tampered with."""
        return self.done_well and self.incident != INCIDENT_KINDS[TAMPERED]

    @property
    def accepted(self) -> bool:
        """What is told of the client's verdict: what it `reported`."""
        return self.reported
