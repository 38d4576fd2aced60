"""What the kernel of the market with contracts reads and writes (`rows` says how)."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray

SETTING_UP: Final = 0
UNREACHED: Final = 1
SET_UP: Final = 2
MOVED: Final = 3
ANSWERED: Final = 4
QUEUED: Final = 5
WORKED: Final = 6
VERIFIED: Final = 7
HOME_BEGINS: Final = 8
HOME_QUEUED: Final = 9
HOME_WORKED: Final = 10
REPAIRED: Final = 11
"""Where the life of an attempt goes on when its next event comes."""

COMPLETED: Final = 0
FAILED: Final = 1
CANCELED: Final = 2
REJECTED: Final = 3
"""Final states, by their places in `FINAL_STATES`."""


class Task:
    """What stands of a task before anybody decides; `block` is the number of its block, `due_s` when its
    target ends, `instance` its row in the records, `part` that of what composite tasks consist of, `home` the
    column of its client's home, `worker` the row of that client's machine among the workers, `purse` that of
    its budget, `message_usd` what it pays for a message, `route` whom a static routing names for it."""

    block: int
    part: int
    home: int
    worker: int
    purse: int
    arrival_s: float
    due_s: float
    client: int
    type_id: int
    instance: int
    prompt_tokens: float
    cached_tokens: float
    expected_tokens: float
    true_tokens: float
    second_of_day: float
    complexity_factor: float
    flop: float
    time_factor: float
    cost_factor: float
    communication_usd: float
    check_usd: float
    check_s: float
    fees_usd: float
    message_usd: float
    transfer_s: float
    overhead_s: float
    by_hand: bool
    at_risk_usd: float
    loss_usd: float
    max_latency_s: float
    complexity: float
    value_usd: float
    budget_usd: float
    sensitive: bool
    running_usd: float
    later_usd: float
    expected_s: float
    local_s: float
    home_usd: float
    route: int
    route_else: int


class Played:
    """What comes of a task: columns of the records, and what its client keeps of it. `own` says whether it
    was done at home in the end.

    Of a task that may be a step `waits_for` says how many others must be done first, `is_due` whether it is
    to be decided on, `given_up` whether its whole has come to nothing; of the whole, in its first row, `left`
    how many steps are not done and `is_bad` whether work that was no good went into it."""

    contractor: int
    explored: bool
    score: float
    confidence: float
    internal_usd: float
    estimated_usd: float
    estimated_s: float
    opportunity_usd: float
    realised_usd: float
    retries_usd: float
    price_usd: float
    communication_usd: float
    verification_usd: float
    integration_usd: float
    search_usd: float
    coordination_usd: float
    lateness_usd: float
    loss_usd: float
    own: bool
    attempts: int
    good: bool
    closes: bool
    coordination_s: float
    coordinated_from_s: float
    split: bool
    decided_s: float
    started_s: float
    finished_s: float
    tried: int
    waits_for: int
    is_due: bool
    given_up: bool
    left: int
    is_bad: bool


class Job:
    """An attempt under way: at a contractor the life of a contract (`contract.Contract`), at home the work.
    `worker` is whose slot it needs, `who` the contractor or, at home, the column of home; `place` its row
    among those who wait. `stage` says where it goes on, `in_time` whether that is before its deadline."""

    serial: int
    task: int
    attempt: int
    own: bool
    who: int
    worker: int
    client: int
    type_id: int
    stage: int
    next: int
    place: int
    granted: bool
    either: int
    in_time: bool
    breaks_off: bool
    agreed_usd: float
    fixed: bool
    due_usd: float
    plain_usd: float
    quoted_s: float
    estimated_usd: float
    internal_usd: float
    quoted_own_usd: float
    explored: bool
    service_s: float
    expected_s: float
    expected_end_s: float
    repairs_s: float
    lost: bool
    luck: float
    search_s: float
    submitted_s: float
    deadline_s: float
    good: bool
    auth_required: bool
    input_required: bool
    sent: bool
    working_s: float
    worked_s: float
    own_usd: float
    ended_s: float
    state: int
    reason: int
    paid_usd: float
    fees_usd: float


class Contractor:
    """A contractor; the last rows are homes, of which there are ratings, what a task costs beyond the
    hardware, and what of that moves. Facts, prices for tokens without condition, the record of its ratings
    over all types, whether it is `there`, in the market, whether it was rated since the registry ranked and
    who was before it, the states that its draws begin at, what it was paid, would have saved (`Tally`), and
    its `Books`.

    Where its numbers move (`motion`): when the next one does so, where those lie, and where the steps of its
    slots and of its success; while somebody waits for slots that change, they are `awaited`. Where it goes
    down: how, what becomes of work, and the first outage that was not over when it was
    last looked at."""

    latency_s: float
    prefill_s: float
    decode_s: float
    s_per_flop: float
    own_usd_per_s: float
    own_cost_share: float
    price_usd: float
    input_usd: float
    cached_usd: float
    output_usd: float
    request_usd: float
    risk_rate: float
    security: float
    intact: float
    unreachable_rate: float
    dearness: float
    prior_good: float
    prior: float
    good: float
    ratings: float
    score: float
    there: bool
    is_rated: bool
    next_rated: int
    work: np.uint64
    unreachable: np.uint64
    question: np.uint64
    fails_openly: np.uint64
    fails_at: np.uint64
    found: np.uint64
    revenue_usd: float
    saved_usd: float
    jobs: int
    worked_s: float
    work_usd: float
    next_s: float
    first_slots: int
    stop_slots: int
    awaited: bool
    first_move: int
    stop_move: int
    first_success: int
    stop_success: int
    goes_down: int
    loses_work: bool
    mean_up_h: float
    mean_repair_h: float
    first_outage: int
    stop_outage: int
    outage: np.uint64
    down: int
    down_from_s: float
    down_until_s: float


class Pair:
    """A type of task at a contractor, or in the last columns at a home. First what every offer needs: whether
    there is one, skill as far as no rating counts, how long the work is known to take (NaN: the hardware
    tells), the score that holds, and what experience makes of charges and times. Then what a draw has to be
    below for good work, which `stands_still` where it is stated by type, bills (NaN: the price is due), and
    the ratings of the type."""

    offers: bool
    skill: float
    work_s: float
    score: float
    factor: float
    time_factor: float
    ease: float
    stands_still: bool
    good_bill_usd: float
    bad_bill_usd: float
    good: float
    ratings: float


class Purse:
    """The daily budget of a group of clients, infinite where it has none, and what was committed of it on the
    day of that number."""

    budget_usd: float
    committed_usd: float
    day: int


class Learned:
    """`Correction`, of one pair: sums so far, what was learned and whether it began."""

    begun: bool
    estimated: float
    actual: float
    learned: float
    nearer_by: float


class Conditional:
    """`Rates` that hold instead on a condition at one contractor, where it states any."""

    stated: bool
    above_tokens: float
    from_s: float
    until_s: float
    input_usd: float
    cached_usd: float
    output_usd: float
    request_usd: float


class Check:
    """How deliveries are verified."""

    sensitivity: float
    specificity: float


class Rules:
    """The scenario's. `pricing` is the kind of price, `opportunity` that of the opportunity cost; `searches`
    says whether clients look for contractors, `asks_around` whether otherwise than at a registry that always
    answers; there are so many `contractors`, behind whom homes follow, who may come and go where the market
    `turns_over`, and `budgets` say whether groups have any; shares and rates are those of `ContractRules`,
    `Layouts`, `Home` and `Registry`; where a rule is left out, its flag is false or its number negative."""

    pricing: int
    load_slope: float
    max_load: float
    price_factor: float
    work_factor: float
    by_use: bool
    rated: bool
    performance_weight: float
    threshold: float
    late_usd_per_s: float
    integration_usd: float
    recovers: bool
    setup_s: float
    authorisation_s: float
    connect_timeout_s: float
    input_required_rate: float
    failed_share: float
    due_on_failure: float
    timeout_factor: float
    retries: int
    tries_again: bool
    then_local: bool
    opportunity: int
    own_late_usd_per_s: float
    contractors: int
    turns_over: bool
    budgets: bool
    after_midnight_s: float
    own_success: float
    correlation: float
    own_share: float
    shared_share: float
    difficulty: np.uint64
    recorded: bool
    alpha: float
    fading: float
    by_type: bool
    pooling: float
    recompute_every: int
    own_pooling: float
    corrects: bool
    rate: float
    forgetting: float
    proven_only: bool
    searches: bool
    asks_around: bool
    k: int
    newcomer_seats: int
    refresh_s: float
    search_s: float
    tells_contracts: bool
    tells_one_by_one: bool
    keeps_ratings: bool
    asks: bool
    listens: bool
    composite: bool


NONE: Final = 0
EXPECTED_DELAY: Final = 1
QUEUE: Final = 2
LATER_TASKS: Final = 3
"""Kinds of opportunity cost."""

FLAT: Final = 0
DEMAND: Final = 1
PER_TOKEN: Final = 2
LOAD: Final = 3
BARGAINED: Final = 4
"""Kinds of prices."""


class Open:
    """A block of which tasks are left; once it and all before it are over, how many contracts had ended and
    how many ratings there were by then."""

    left: int
    contracts: int
    ratings: int


class Course:
    """How far the market is: blocks, tasks and attempts by number; the tasks to be decided at this moment,
    and what is asked of the one at hand; the first unused rows; what has come about so far: so many are
    `there` after so many `changes`, of whom the registry knows those of so many as of its own."""

    first_row_task: int
    next_task: int
    end_task: int
    first_open_block: int
    next_block: int
    deciding: int
    decide_until: int
    arriving: bool
    goes_on: int
    task: int
    client: int
    type_id: int
    attempt: int
    max_latency_s: float
    complexity: float
    job: int
    accepted: bool
    good: bool
    serials: int
    free_job: int
    free_waiting: int
    used_jobs: int
    used_waiting: int
    contracts: int
    ratings: int
    unscored: int
    windows: int
    authorised: int
    offers: int
    found: int
    found_s: float
    beyond: int
    chosen: int
    explored: bool
    score: float
    confidence: float
    fixed_usd: float
    reply_s: float
    queries: int
    messages: int
    empty: int
    unanswered: int
    age_s: float
    ranked_s: float
    last_rated: int
    there: int
    changes: int
    known: int
    known_changes: int
    deserted: int
    done: int
    handed: int
    found_bad: int
    lost_to_outages: int
    completed: int
    failed: int
    canceled: int
    rejected: int
    turnaround_s: float
    stay_late_usd: float
    stay_own_late_usd: float
    stay_plain_usd: float
    stay_usd: float


class Ended:
    """A contract that has ended (`contract_rows`)."""

    task: int
    attempt: int
    client: int
    contractor: int
    type_id: int
    state: int
    reason: int
    accepted: bool
    good: bool
    paid_usd: float
    fees_usd: float
    agreed_usd: float
    estimated_usd: float
    own_usd: float
    submitted_s: float
    working_s: float
    worked_s: float
    ended_s: float
    auth_required: bool
    input_required: bool
    explored: bool


class Rated:
    """A public rating (`RatingRows`)."""

    time_s: float
    client: int
    contractor: int
    type_id: int
    rating: float
    score_after: float


class Window:
    """`EstimationError`: sums over up to so many outcomes in a row; the first row is the one that fills."""

    finished_s: float
    outcomes: int
    actual_usd: float
    absolute_usd: float
    estimated_usd: float


class Effect:
    """`correction.Effect`: home's first, then that of contractors."""

    outcomes: int
    actual_usd: float
    corrected_usd: float
    plain_usd: float
    squared_usd2: float


class Listing:
    """A ranking of the registry for one type of task (`Shortlist`): how many are the best and how many others
    there are, where the others' turn is and whose it was last."""

    ranked: bool
    last: int
    position: int
    best: int
    others: int


class Change:
    """A contractor comes, or goes."""

    at_s: float
    who: int


class Ranked:
    """A place in the registry's heap for one type of task, and a contractor's in the row of its index.

    Of the place `who` lies there. Of the contractor `place` is where it lies, `merit` what it was worth when
    it was ranked last, `turn` whose is lower where that is equal. In the first rows `best` are the
    contractors that are the best, ascending, by their places among those who are known, and `next_best`
    places (`directory`)."""

    who: int
    place: int
    merit: float
    turn: int
    best: int
    next_best: int


class Offers(NamedTuple):
    """The offers on one task: who makes them, ascending; their terms, (`terms` rows, offers), with what each
    would really cost, where somebody asks, as `REALISED`; and who is eligible."""

    ids: IntArray
    terms: FloatArray
    eligible: BoolArray


REALISED: Final = 10
"""Row of the terms behind those that everybody sees."""


class Recorded(NamedTuple):
    """Recorded results, (instances, contractors and home): whether good, and bills; NaN where there is no
    offer."""

    good: BoolArray
    bill_usd: FloatArray
