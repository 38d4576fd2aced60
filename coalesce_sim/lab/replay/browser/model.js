"use strict";
/* A replay as the browser has it: what anybody does at a moment, and what happens when. Times in seconds. */
const [ON_ITS_WAY, WAITING, AT_WORK, BEING_CHECKED] = [0, 1, 2, 3];
const HOUR_S = 3600;
const DAY_S = 86400;

const numbers = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const plural = (count, noun) => `${numbers.format(count)} ${noun}${count === 1 ? "" : "s"}`;
const two = (value) => String(value).padStart(2, "0");

/** A time of the run: its day, counted from 1, and the clock since that day began. */
function timeOf(seconds) {
  const whole = Math.floor(seconds);
  const [day, rest] = [Math.floor(whole / DAY_S), whole % DAY_S];
  return `Day ${day + 1}, ${two(Math.floor(rest / HOUR_S))}:${two(Math.floor((rest % HOUR_S) / 60))}:${two(rest % 60)}`;
}

/** A length of time in its two largest units. */
function lasting(seconds) {
  if (seconds < 60) return `${numbers.format(Number(seconds.toPrecision(2)))} s`;
  const units = [[DAY_S, "d"], [HOUR_S, "h"], [60, "min"], [1, "s"]];
  const first = units.findIndex(([size]) => seconds >= size);
  const parts = [];
  let left = Math.round(seconds);
  for (const [size, unit] of units.slice(first, first + 2)) {
    if (left >= size) parts.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
  }
  return parts.join(" ");
}

/** The first place in rising `values` with a value above `limit`. */
function above(values, limit) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

class Model {
  constructor(replay) {
    this.replay = replay;
    this.until = replay.until_s;
    this.words = replay;
    const { workers, machines, jobs } = replay;
    this.names = workers.name;
    this.workers = workers;
    this.machines = machines;
    this.enter = workers.enter_s;
    this.leave = workers.leave_s.map((at) => at ?? Infinity);
    const times = (values) => Float64Array.from(values);
    [this.asked, this.came, this.began, this.left, this.ended] = [jobs.asked_s, jobs.came_s, jobs.began_s, jobs.left_s, jobs.ended_s].map(times);
    this.jobs = jobs;
    this.count = this.asked.length;
    this.latest = new Float64Array(this.count);
    let latest = 0;
    for (let job = 0; job < this.count; job += 1) this.latest[job] = latest = Math.max(latest, this.ended[job]);
    this.hands = this.names.map(() => ({ coming: [], waiting: [], atWork: [], checking: [] }));
    this.queue = new Int32Array(machines.slots.length);
    this.busy = new Int32Array(machines.slots.length);
    this.totals = [0, 0, 0, 0];
    this.sharedBy = Array.from(machines.slots, () => 0);
    for (const machine of workers.machine) this.sharedBy[machine] += 1;
    this.scoreTimes = this.names.map(() => []);
    this.scoreValues = this.names.map(() => []);
    replay.scores.worker.forEach((worker, row) => {
      this.scoreTimes[worker].push(replay.scores.time_s[row]);
      this.scoreValues[worker].push(replay.scores.score[row]);
    });
    const { scores } = replay;
    this.falseRatings = scores.worker.map((worker, row) => ({ worker, at: scores.time_s[row] })).filter((_, row) => !scores.honest[row]);
    this.falseTimes = times(this.falseRatings.map((each) => each.at));
    this.cheatTimes = times([...this.ended.filter((_, job) => jobs.deed[job] > 0), ...this.falseTimes]).sort();
  }

  isHome(job) {
    return this.jobs.worker[job] === this.jobs.client[job];
  }

  isPresent(worker, now) {
    return this.enter[worker] <= now && now < this.leave[worker];
  }

  /** The places of those jobs that are under way now or were not long ago. */
  *around(now, before) {
    const stop = above(this.asked, now);
    for (let job = above(this.latest, now - before); job < stop; job += 1) if (this.ended[job] + before > now) yield job;
  }

  phase(job, now) {
    if (now < this.asked[job] || now >= this.ended[job]) return -1;
    return (now >= this.came[job]) + (now >= this.began[job]) + (now >= this.left[job]);
  }

  /** Fill `hands`, `queue`, `busy` and `totals` with what holds now; in a queue the first comes first. */
  turn(now) {
    for (const hand of this.hands) hand.coming.length = hand.waiting.length = hand.atWork.length = hand.checking.length = 0;
    this.queue.fill(0);
    this.busy.fill(0);
    this.totals.fill(0);
    const { worker } = this.jobs;
    for (const job of this.around(now, 0)) {
      const phase = this.phase(job, now);
      const hand = this.hands[worker[job]];
      const machine = this.workers.machine[worker[job]];
      this.totals[phase] += 1;
      if (phase === ON_ITS_WAY) hand.coming.push(job);
      else if (phase === WAITING) {
        hand.waiting.push(job);
        this.queue[machine] += 1;
      } else if (phase === AT_WORK) {
        hand.atWork.push(job);
        this.busy[machine] += 1;
      } else hand.checking.push(job);
    }
    for (const hand of this.hands) if (hand.waiting.length > 1) hand.waiting.sort((one, other) => this.came[one] - this.came[other]);
  }

  slots(machine, now) {
    let slots = null;
    for (const [from, many] of this.machines.slots[machine]) if (from <= now) slots = many;
    return slots;
  }

  score(worker, now) {
    const place = above(this.scoreTimes[worker], now);
    return place ? this.scoreValues[worker][place - 1] : this.workers.first_score[worker];
  }

  /** How many are present now of those who have rows; summed rows count for all in them. */
  present(now) {
    let [clients, contractors] = [0, 0];
    this.names.forEach((_, worker) => {
      if (this.workers.is_client[worker]) clients += this.workers.stands_for[worker];
      else if (this.isPresent(worker, now)) contractors += this.workers.stands_for[worker];
    });
    return { clients, contractors };
  }

  /** Everything that happens, in its order: time, kind, and the job or worker. */
  get events() {
    if (this.allEvents) return this.allEvents;
    const found = [];
    const add = (at, kind, place) => at <= this.until && found.push({ at, kind, place });
    for (let job = 0; job < this.count; job += 1) {
      if (!this.isHome(job)) add(this.asked[job], "asked", job);
      if (this.began[job] < this.left[job]) add(this.began[job], "began", job);
      add(this.ended[job], "ended", job);
    }
    this.names.forEach((_, worker) => {
      if (this.enter[worker] > 0) add(this.enter[worker], "enters", worker);
      add(this.leave[worker], "leaves", worker);
    });
    this.allEvents = found.sort((one, other) => one.at - other.at);
    this.eventTimes = Float64Array.from(this.allEvents, (each) => each.at);
    return this.allEvents;
  }

  /** The time of the next event after now, or of the last before it; undefined where there is none. */
  nextEvent(now) {
    return this.events[above(this.eventTimes, now)]?.at;
  }

  lastEvent(now) {
    if (!this.events.length) return undefined;
    let place = above(this.eventTimes, now) - 1;
    while (place >= 0 && this.eventTimes[place] >= now) place -= 1;
    return this.events[place]?.at;
  }

  /** Sentences on what happens at just that time, the first few. */
  told(at) {
    const start = above(this.events.length ? this.eventTimes : [], at - 1e-9);
    const stop = above(this.eventTimes ?? [], at);
    const sentences = this.events.slice(start, Math.min(stop, start + 3)).map((event) => this.sentence(event));
    if (stop - start > 3) sentences.push(`${plural(stop - start - 3, "thing")} more at that time.`);
    return sentences.join(" ");
  }

  sentence({ kind, place }) {
    if (kind === "enters" || kind === "leaves") return `${this.names[place]} ${kind}.`;
    const [task, client, worker] = [this.jobs.task[place], this.names[this.jobs.client[place]], this.names[this.jobs.worker[place]]];
    if (kind === "asked") return `${client} hires ${worker} for task ${task}${this.jobs.explored[place] ? ", by chance" : ""}.`;
    const at = this.isHome(place) ? `at home with ${client}` : `at ${worker}`;
    return kind === "began" ? `Task ${task} begins ${at}.` : `Task ${task} ends ${at}: ${this.outcome(place)}.`;
  }

  outcome(job) {
    const deed = this.replay.deeds[this.jobs.deed[job]];
    const defence = this.replay.defences[this.jobs.defence[job]];
    return [this.replay.outcomes[this.jobs.outcome[job]], deed && `cheat: ${deed}`, defence].filter(Boolean).join("; ");
  }

  /** The most jobs that are ever under way at once. */
  most() {
    const ends = Float64Array.from(this.ended).sort();
    let [most, over] = [0, 0];
    for (let job = 0; job < this.count && this.asked[job] <= this.until; job += 1) {
      while (ends[over] <= this.asked[job]) over += 1;
      most = Math.max(most, job + 1 - over);
    }
    return most;
  }

  /** How many jobs wait and are at work or on their way, at so many times over the whole. */
  course(points) {
    const changes = { waiting: new Int32Array(points + 1), others: new Int32Array(points + 1) };
    const place = (at) => Math.min(points, Math.max(0, Math.ceil((at / this.until) * (points - 1))));
    const add = (counts, from, to) => {
      counts[place(from)] += 1;
      counts[place(to)] -= 1;
    };
    for (let job = 0; job < this.count; job += 1) {
      add(changes.others, this.asked[job], this.came[job]);
      add(changes.waiting, this.came[job], this.began[job]);
      add(changes.others, this.began[job], this.ended[job]);
    }
    const summed = (counts) => {
      let total = 0;
      return Float64Array.from(counts.subarray(0, points), (change) => (total += change));
    };
    return { waiting: summed(changes.waiting), others: summed(changes.others) };
  }
}
