/* What one worker has in hand, what it did last, and how its score went. */
const LAST_JOBS = 6;

class Details {
  constructor(model, { explain, close }) {
    this.model = model;
    this.explain = explain;
    this.worker = -1;
    this.element = made("section", "details");
    this.element.hidden = true;
    this.heading = made("h4", "");
    this.heading.tabIndex = -1;
    const away = made("button", "quiet", "Close");
    away.type = "button";
    away.addEventListener("click", close);
    const head = made("div", "head");
    head.append(this.heading, away);
    this.facts = made("p", "facts");
    this.curveTitle = made("h5", "", model.replay.scored === "public" ? "Public score over the run" : "Advertised reliability over the run");
    this.curve = made("canvas", "curve");
    this.curve.setAttribute("role", "img");
    this.hand = made("ul", "jobs");
    this.past = made("ul", "jobs");
    this.element.append(head, this.facts, this.curveTitle, this.curve, made("h5", "", "In hand"), this.hand, made("h5", "", "Ended last"), this.past);
    this.shown = "";
  }

  open(worker) {
    this.worker = worker;
    this.element.hidden = worker < 0;
    this.shown = "";
    if (worker >= 0) this.heading.textContent = this.model.names[worker];
  }

  show(now, theme) {
    if (this.worker < 0) return;
    const { model, worker } = this;
    const hand = model.hands[worker];
    const mine = [...hand.atWork, ...hand.waiting, ...hand.coming, ...hand.checking];
    const sent = [];
    if (model.workers.is_client[worker]) for (const job of model.around(now, 0)) if (model.jobs.client[job] === worker && !model.isHome(job) && model.phase(job, now) >= 0) sent.push(job);
    const past = this.pastOf(now);
    const shown = [worker, ...mine, "sent", ...sent, "past", ...past, ...mine.map((job) => model.phase(job, now)), ...sent.map((job) => model.phase(job, now))].join();
    this.drawCurve(now, theme);
    if (shown === this.shown) return;
    this.shown = shown;
    this.facts.textContent = this.factsOf(now);
    const nothing = [made("li", "nothing", "Nothing.")];
    const all = [...mine, ...sent];
    this.hand.replaceChildren(...(all.length ? all.map((job) => this.item(job, now, theme)) : nothing));
    this.past.replaceChildren(...(past.length ? past.map((job) => this.item(job, now, theme)) : nothing));
  }

  pastOf(now) {
    const { model, worker } = this;
    const isClient = model.workers.is_client[worker];
    const found = [];
    for (let job = above(model.asked, now) - 1; job >= 0 && found.length < 4 * LAST_JOBS; job -= 1) {
      const who = isClient ? model.jobs.client[job] : model.jobs.worker[job];
      if (who === worker && model.ended[job] <= now) found.push(job);
    }
    return found.sort((one, other) => model.ended[other] - model.ended[one]).slice(0, LAST_JOBS);
  }

  factsOf(now) {
    const { model, worker } = this;
    const { kind, owner, strategy, machine, stands_for: stands } = model.workers;
    const slots = model.slots(machine[worker], now);
    const said = [];
    if (kind[worker]) said.push(kind[worker]);
    if (stands[worker] === 1) said.push(slots === null ? "unlimited slots" : plural(slots, "slot"));
    if (model.sharedBy[machine[worker]] > 1) said.push(`on ${model.machines.name[machine[worker]]}, shared by ${model.sharedBy[machine[worker]]}`);
    if (owner[worker]) said.push(`another name of ${owner[worker]}`);
    if (strategy[worker]) said.push(`cheats: ${strategy[worker].replaceAll("_", " ")}`);
    if (model.enter[worker] > 0) said.push(`enters ${timeOf(model.enter[worker])}`);
    if (model.leave[worker] < Infinity) said.push(`leaves ${timeOf(model.leave[worker])}`);
    return `${said.join(" · ")}.`;
  }

  item(job, now, theme) {
    const { model } = this;
    const { jobs, names, replay } = model;
    const button = made("button", "job");
    button.type = "button";
    const phase = model.phase(job, now);
    const icon = made("canvas", "icon");
    const ratio = window.devicePixelRatio || 1;
    icon.width = icon.height = 18 * ratio;
    icon.setAttribute("aria-hidden", "true");
    const context = icon.getContext("2d");
    context.scale(ratio, ratio);
    if (phase < 0) drawOutcome(context, LOOKS[LOOK_OF[jobs.outcome[job]]], theme, 9, 9, 4.2, jobs.deed[job] > 0);
    else if (phase === WAITING) drawWaiting(context, theme, 9, 9, 3.8);
    else drawJob(context, theme, 9, 9, 4.2, jobs.explored[job]);
    const since = [model.asked[job], model.came[job], model.began[job], model.left[job]][phase];
    const other = model.isHome(job) ? "at home" : jobs.client[job] === this.worker ? `at ${names[jobs.worker[job]]}` : `for ${names[jobs.client[job]]}`;
    const what = phase < 0 ? `${model.outcome(job)}, ${timeOf(model.ended[job])}` : `${replay.phases[phase]} for ${lasting(now - since)}`;
    const more = [jobs.attempt[job] ? `attempt ${jobs.attempt[job] + 1}` : "", jobs.explored[job] ? "hired by chance" : ""].filter(Boolean);
    button.append(icon, made("b", "", `Task ${jobs.task[job]}`), made("span", "", [other, what, ...more].join(", ")));
    button.addEventListener("click", () => this.explain(job));
    const item = made("li");
    item.append(button);
    return item;
  }

  /** The score over the whole time, with what it is now. */
  drawCurve(now, theme) {
    const { model, worker, curve } = this;
    const first = model.workers.first_score[worker];
    const [times, values] = [model.scoreTimes[worker], model.scoreValues[worker]];
    this.curveTitle.hidden = curve.hidden = first === null || !times.length;
    if (curve.hidden) return;
    const [width, height, ratio] = [curve.clientWidth || 300, 56, window.devicePixelRatio || 1];
    curve.width = width * ratio;
    curve.height = height * ratio;
    const context = curve.getContext("2d");
    context.scale(ratio, ratio);
    const x = (at) => 4 + (at / model.until) * (width - 44);
    const y = (score) => height - 6 - score * (height - 12);
    context.fillStyle = theme.line;
    for (const score of [0, 0.5, 1]) context.fillRect(4, y(score), width - 44, 1);
    context.font = "10px system-ui, sans-serif";
    context.fillStyle = theme.grey;
    context.textBaseline = "middle";
    for (const score of [0, 0.5, 1]) context.fillText(String(score), width - 36, y(score));
    context.beginPath();
    context.moveTo(x(Math.max(0, model.enter[worker])), y(first));
    times.forEach((at, place) => {
      context.lineTo(x(at), y(place ? values[place - 1] : first));
      context.lineTo(x(at), y(values[place]));
    });
    context.lineTo(x(Math.min(model.until, model.leave[worker])), y(values.at(-1)));
    context.strokeStyle = theme.accent;
    context.lineWidth = 1.6;
    context.stroke();
    const score = model.score(worker, now);
    context.beginPath();
    context.arc(x(now), y(score), 4, 0, 2 * Math.PI);
    context.fillStyle = theme.accent;
    context.strokeStyle = theme.back;
    context.fill();
    context.stroke();
    const label = `Score of ${model.names[worker]} over time: ${first.toFixed(2)} at first, ${score.toFixed(2)} now, ${values.at(-1).toFixed(2)} at the end.`;
    if (curve.getAttribute("aria-label") !== label) curve.setAttribute("aria-label", label);
  }
}
