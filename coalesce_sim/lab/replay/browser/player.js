/* The player: picture, controls and strip of one replay, and the moment that they show. */
const SPEEDS = [[1, "1 s"], [10, "10 s"], [60, "1 min"], [300, "5 min"], [900, "15 min"], [3600, "1 h"], [21600, "6 h"], [DAY_S, "1 day"]];
const PLAYING_S = 75;
const SAID_EVERY_MS = 250;
const kept = new Map();

class Player {
  constructor(host, key, replay, send) {
    this.host = host;
    this.key = key;
    this.send = send;
    this.model = new Model(replay);
    const before = kept.get(key) ?? { now: this.askedMoment() ?? this.firstMoment(), speed: this.usualSpeed(), worker: -1 };
    Object.assign(this, before, { playing: false, said: 0 });
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    const explain = (job) => this.explain(job);
    this.stage = new Stage(this.model, { choose: (worker) => this.choose(worker), explain });
    this.strip = new Strip(this.model, (at) => this.seek(at));
    this.details = new Details(this.model, { explain, close: () => this.choose(-1, true) });
    this.status = made("p", "now");
    this.status.setAttribute("role", "status");
    const parts = [this.status];
    if (replay.told) parts.push(made("p", "told", replay.told));
    parts.push(this.stage.element, this.deck(), this.legend(), this.details.element);
    host.replaceChildren(...parts);
    host.addEventListener("keydown", (this.onKey = (event) => this.pressed(event)));
    this.sizes = new ResizeObserver(() => this.layOut());
    this.sizes.observe(host);
    this.watching = setInterval(() => this.watchTheme(), 700);
    this.layOut();
    if (this.worker >= 0) this.choose(this.worker);
  }

  /** When work on the task that the address of the page names begins, if it names one that is there. */
  askedMoment() {
    const asked = new URLSearchParams(window.location.search).get("task");
    const job = asked === null ? -1 : this.model.jobs.task.indexOf(Number(asked));
    if (job < 0) return undefined;
    const { began, asked: came } = this.model;
    return Math.min(this.model.until, Number.isFinite(began[job]) ? began[job] : came[job]);
  }

  /** A moment at which there is something to see: the first with half of the most work. */
  firstMoment() {
    const { waiting, others } = this.model.course(400);
    const all = waiting.map((many, point) => many + others[point]);
    const most = Math.max(...all);
    const place = all.findIndex((many) => many >= most / 2);
    return Math.max(0, (place / 399) * this.model.until);
  }

  usualSpeed() {
    const wanted = this.model.until / PLAYING_S;
    return SPEEDS.reduce((best, [speed]) => (Math.abs(Math.log(speed / wanted)) < Math.abs(Math.log(best / wanted)) ? speed : best), SPEEDS[0][0]);
  }

  deck() {
    const deck = made("div", "deck");
    const bar = made("div", "bar");
    this.playButton = this.button("play", "Play", () => (this.playing ? this.pause() : this.play()));
    const back = this.button("back", "Event before", () => this.step(-1));
    const next = this.button("next", "Next event", () => this.step(1));
    this.clock = made("span", "clock");
    const speed = made("select");
    for (const [seconds, name] of SPEEDS) {
      const option = made("option", "", `${name} a second`);
      option.value = seconds;
      option.selected = seconds === this.speed;
      speed.append(option);
    }
    speed.addEventListener("change", () => {
      this.speed = Number(speed.value);
      this.remember();
      this.paint();
    });
    bar.append(back, this.playButton, next, this.clock, this.labelled("Speed", speed));
    if (this.model.replay.moments.length) bar.append(this.labelled("Go to", this.goTo()));
    this.slider = made("input");
    Object.assign(this.slider, { type: "range", min: 0, max: this.model.until, step: "any", value: this.now });
    this.slider.setAttribute("aria-label", "Moment");
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    deck.append(this.strip.element, this.slider, bar);
    return deck;
  }

  button(name, label, press) {
    const button = made("button", `control ${name}`);
    button.type = "button";
    button.setAttribute("aria-label", label);
    button.title = label;
    button.append(made("i"));
    button.addEventListener("click", press);
    return button;
  }

  labelled(text, control) {
    const label = made("label", "labelled");
    label.append(made("span", "", text), control);
    return label;
  }

  goTo() {
    const select = made("select", "moments");
    select.append(made("option", "", "a moment worth a look"));
    this.model.replay.moments.forEach(([at, , text], place) => {
      const option = made("option", "", `${timeOf(at)}: ${text}`);
      option.value = place;
      select.append(option);
    });
    select.addEventListener("change", () => {
      const moment = this.model.replay.moments[select.value];
      select.selectedIndex = 0;
      if (!moment) return;
      this.pause();
      this.seek(moment[0]);
      if (moment[3] >= 0) this.choose(moment[3], true);
    });
    return select;
  }

  legend() {
    const list = made("ul", "legend");
    this.legendIcons = [];
    const entry = (text, draw) => {
      const item = made("li");
      const icon = made("canvas", "icon");
      icon.setAttribute("aria-hidden", "true");
      item.append(icon, text);
      list.append(item);
      this.legendIcons.push([icon, draw]);
    };
    const { jobs } = this.model;
    const happened = new Set(jobs.outcome.map((outcome) => LOOK_OF[outcome]));
    entry("at work, or on its way", (context, theme) => drawJob(context, theme, 9, 9, 4.4, false));
    if (jobs.explored.some(Boolean)) entry("hired by chance", (context, theme) => drawJob(context, theme, 9, 9, 4.4, true));
    entry("waiting", (context, theme) => drawWaiting(context, theme, 9, 9, 3.6));
    LOOKS.forEach((look, place) => happened.has(place) && entry(look.name, (context, theme) => drawOutcome(context, look, theme, 9, 9, 4.4, false)));
    if (jobs.defence.some(Boolean)) entry("a rule of the market applied", (context, theme) => drawRule(context, theme, 9, 5, 3.4));
    if (jobs.deed.some(Boolean) || this.model.falseRatings.length) entry("somebody cheated", (context, theme) => drawRing(context, theme, 9, 9, 3.4));
    const { model } = this;
    const tick = (context, theme) => {
      context.fillStyle = theme.warm;
      context.fillRect(8, 5, 2, 8);
    };
    const area = (colour, alpha) => (context, theme) => {
      context.globalAlpha = alpha;
      context.fillStyle = theme[colour];
      context.fillRect(3, 5, 12, 8);
    };
    entry("waiting, over time", area("waiting", WAITING_ALPHA));
    entry("all other jobs, over time", area("accent", OTHERS_ALPHA));
    if (model.cheatTimes.length) entry("a cheat, over time", tick);
    if (model.enter.some((at) => at > 0 && at <= model.until)) entry("enters", (context) => drawComing(context, 9, 9, true, ENTERS));
    if (model.leave.some((at) => at <= model.until)) entry("leaves", (context, theme) => drawComing(context, 9, 9, false, theme.grey));
    return list;
  }

  drawLegend() {
    const ratio = window.devicePixelRatio || 1;
    for (const [icon, draw] of this.legendIcons) {
      icon.width = icon.height = 18 * ratio;
      const context = icon.getContext("2d");
      context.scale(ratio, ratio);
      draw(context, this.theme);
    }
  }

  layOut() {
    this.theme = themeOf(this.host);
    this.shownTheme = JSON.stringify(this.theme);
    this.stage.font = getComputedStyle(this.host).fontFamily;
    this.host.classList.toggle("dark", this.theme.dark);
    this.stage.layOut();
    this.strip.layOut(this.theme, this.stage.font);
    this.drawLegend();
    this.details.shown = "";
    this.paint();
  }

  /** Streamlit changes colours without telling. */
  watchTheme() {
    if (JSON.stringify(themeOf(this.host)) !== this.shownTheme) this.layOut();
  }

  play() {
    if (this.now >= this.model.until) this.now = 0;
    this.playing = true;
    this.showPlaying();
    let last = performance.now();
    const frame = (at) => {
      if (!this.playing) return;
      if (!this.still.matches || at - last > SAID_EVERY_MS) {
        this.now = Math.min(this.model.until, this.now + (Math.min(at - last, 500) / 1000) * this.speed);
        last = at;
        if (this.now >= this.model.until) this.pause();
        else this.paint();
      }
      this.frame = requestAnimationFrame(frame);
    };
    this.frame = requestAnimationFrame(frame);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.showPlaying();
    this.remember();
    this.paint();
  }

  showPlaying() {
    this.host.classList.toggle("playing", this.playing);
    this.playButton.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.playButton.title = this.playing ? "Pause" : "Play";
    this.status.setAttribute("aria-live", this.playing ? "off" : "polite");
  }

  seek(at, note = "") {
    this.now = Math.max(0, Math.min(this.model.until, at));
    this.note = note;
    this.remember();
    this.paint();
  }

  step(direction) {
    this.pause();
    const at = direction > 0 ? this.model.nextEvent(this.now) : this.model.lastEvent(this.now);
    if (at === undefined) this.seek(direction > 0 ? this.model.until : 0, direction > 0 ? "Nothing happens after this." : "Nothing happened before this.");
    else this.seek(at, this.model.told(at));
  }

  pressed(event) {
    const within = event.composedPath()[0];
    if (event.altKey || event.ctrlKey || event.metaKey || within.tagName === "SELECT") return;
    const slides = within === this.slider;
    const small = this.model.until / 300;
    const moves = { ArrowRight: small, ArrowUp: small, ArrowLeft: -small, ArrowDown: -small, PageUp: 15 * small, PageDown: -15 * small };
    if (event.key === " " && within.tagName !== "BUTTON") this.playing ? this.pause() : this.play();
    else if (slides && moves[event.key]) this.seek(this.now + moves[event.key]);
    else if (!slides && event.key === "ArrowRight") this.step(1);
    else if (!slides && event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "Escape" && this.worker >= 0) this.choose(-1, true);
    else return;
    event.preventDefault();
  }

  /** Show a worker; the one that is shown already, or nobody, is put away, but for one that `stays`. */
  choose(worker, stays = false) {
    this.worker = worker === this.worker && !stays && this.details.worker === worker ? -1 : worker;
    this.stage.mark(this.worker);
    this.details.open(this.worker);
    this.remember();
    this.paint();
  }

  explain(job) {
    this.pause();
    const { jobs, names } = this.model;
    this.send("task", { task: jobs.task[job], attempt: jobs.attempt[job], worker: names[jobs.worker[job]] });
  }

  remember() {
    kept.set(this.key, { now: this.now, speed: this.speed, worker: this.worker });
  }

  /** All of it as it is at the moment. */
  paint() {
    this.model.turn(this.now);
    this.stage.draw(this.now, FLIGHT_S * this.speed, this.playing, this.still.matches, this.theme);
    this.strip.show(this.now);
    this.slider.value = this.now;
    const time = timeOf(this.now);
    this.clock.textContent = time;
    this.details.show(this.now, this.theme);
    if (this.playing && performance.now() - this.said < SAID_EVERY_MS) return;
    this.said = performance.now();
    this.slider.setAttribute("aria-valuetext", time);
    this.status.textContent = this.sentence(time);
  }

  sentence(time) {
    const { totals, replay } = this.model;
    const all = totals.reduce((sum, many) => sum + many, 0);
    const present = this.model.present(this.now);
    const words = ["on their way", "waiting", "at work", "being checked"];
    const parts = totals.map((many, phase) => (many ? `${many} ${phase === 0 && many === 1 ? replay.phases[0] : words[phase]}` : "")).filter(Boolean);
    const told = `${time}: ${plural(all, "job")} under way${parts.length ? `, ${parts.join(", ")}` : ""}; ${plural(present.contractors, "contractor")} present.`;
    return this.note && !this.playing ? `${told} ${this.note}` : told;
  }

  end() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    clearInterval(this.watching);
    this.sizes.disconnect();
    this.host.removeEventListener("keydown", this.onKey);
    this.remember();
    this.host.replaceChildren();
  }
}
