/* The stage: a row a worker, its queue and slots, and the tasks that travel between them. */
const [NARROW_PX, TIGHT_PX] = [780, 1080];
const TAGS_PX = 110; // what clients need besides who follow a strategy
const FLIGHT_S = 0.9;

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

class Stage {
  /** `choose` is told of a worker that is clicked, `explain` of a job. */
  constructor(model, { choose, explain }) {
    this.model = model;
    this.explain = explain;
    this.chosen = -1;
    this.hits = [];
    this.element = made("div", "stage");
    this.canvas = made("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.painter = new Painter(this);
    this.rows = [];
    const sides = [["clients", "Clients", true], ["contractors", "Contractors", false]].map(([name, title, isClient]) => {
      const side = made("div", `side ${name}`);
      side.setAttribute("role", "group");
      side.setAttribute("aria-label", `${title}; up and down go from one to the next`);
      side.addEventListener("keydown", (event) => this.walk(event, side));
      const heading = made("p", "heading");
      const score = this.model.replay.scored === "public" ? "public score" : "advertised";
      heading.append(made("b", "", title), made("span", "zone", isClient ? "at work · waiting" : "waiting · at work"));
      if (!isClient) heading.append(made("span", "", score));
      const list = made("div", "rows");
      side.append(heading, list);
      this.addRows(list, isClient, choose);
      list.dataset.density = list.children.length > 34 ? "dense" : list.children.length > 18 ? "close" : "";
      return side;
    });
    this.element.append(...sides, this.canvas);
    this.tip = made("div", "tip");
    this.tip.hidden = true;
    this.element.append(this.tip);
    this.element.addEventListener("pointermove", (event) => this.hover(event));
    this.element.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.element.addEventListener("click", (event) => this.click(event), true);
  }

  /** Workers on one machine stand together below its name; others alone. */
  addRows(list, isClient, choose) {
    const { workers, machines, sharedBy } = this.model;
    const members = new Map();
    workers.machine.forEach((machine, worker) => {
      if (workers.is_client[worker] !== Number(isClient)) return;
      if (!members.has(machine)) members.set(machine, []);
      members.get(machine).push(worker);
    });
    for (const [machine, names] of members) {
      const shared = sharedBy[machine] > 1 && machines.name[machine];
      if (shared) {
        const row = made("div", "machine");
        row.append(made("span", "name", machines.name[machine]));
        list.append(row);
        this.rows.push({ element: row, machine, worker: -1, isClient, shared: true });
      }
      for (const worker of names) {
        const row = made("button", shared ? "worker member" : "worker");
        row.type = "button";
        const name = this.nameOf(worker);
        row.append(name);
        row.title = [workers.name[worker], workers.strategy[worker].replaceAll("_", " ")].filter(Boolean).join(": ");
        if (workers.strategy[worker]) name.append(made("em", "", workers.strategy[worker].replaceAll("_", " ")));
        const score = made("span", "score");
        if (!isClient) row.append(score);
        row.tabIndex = list.querySelector("button") ? -1 : 0;
        row.addEventListener("click", () => choose(worker));
        list.append(row);
        this.rows.push({ element: row, machine, worker, isClient, shared: Boolean(shared), score, said: null });
      }
    }
  }

  /** A name that is too long loses what comes before its number; clients of a group have it beside them. */
  nameOf(worker) {
    const { name, kind, is_client: isClient } = this.model.workers;
    const [, stem, number] = name[worker].match(/^(.*?)(_?\d*)$/s);
    const element = made("span", "name");
    element.append(made("span", "stem", stem), made("span", "", number));
    if (isClient[worker] && kind[worker]) element.append(made("span", "group", kind[worker]));
    return element;
  }

  /** One stop for the tab key on each side, and from there up and down. */
  walk(event, side) {
    const all = [...side.querySelectorAll("button.worker")];
    const here = all.indexOf(event.target);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (here < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    all[here].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  /** Measure where everything stands; after every change of size. */
  layOut() {
    const box = this.element.getBoundingClientRect();
    if (!box.width) return;
    this.width = box.width;
    const tags = this.element.querySelector(".clients em") ? TAGS_PX : 0;
    this.narrow = box.width < NARROW_PX + tags;
    this.element.classList.toggle("narrow", this.narrow);
    this.element.classList.toggle("tight", box.width < TIGHT_PX + tags);
    const around = this.element.getBoundingClientRect();
    this.height = around.height;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(around.width * ratio);
    this.canvas.height = Math.round(around.height * ratio);
    this.canvas.style.width = `${around.width}px`;
    this.canvas.style.height = `${around.height}px`;
    this.ratio = ratio;
    this.scoreWidth = this.element.querySelector(".score")?.offsetWidth ?? 0;
    this.place = [];
    for (const row of this.rows) {
      const own = row.element.getBoundingClientRect();
      const [left, top, width, height] = [own.left - around.left, own.top - around.top, own.width, own.height];
      const square = Math.max(7, Math.min(11, height * 0.46));
      Object.assign(row, { left, top, width, height, square, right: left + width, y: top + height / 2 });
      if (this.narrow && row.isClient) {
        Object.assign(row, { y: top + height - square / 2 - 6, slotX: left + 8, slotDirection: 1, queueX: left + 44, queueDirection: 1, queueWidth: width - 50 });
        row.port = [left + width / 2, top + height];
      } else if (row.isClient) {
        Object.assign(row, { slotX: row.right - 92, slotDirection: -1, queueX: row.right - 86, queueDirection: 1, queueWidth: 78 });
        row.port = [row.right, row.y];
      } else {
        const queueWidth = this.narrow ? 52 : 84;
        Object.assign(row, { slotX: left + queueWidth + 12, slotDirection: 1, queueX: left + queueWidth + 6, queueDirection: -1, queueWidth });
        row.port = [left, row.y];
      }
      if (row.worker >= 0) this.place[row.worker] = row;
    }
  }

  mark(worker) {
    this.chosen = worker;
    for (const row of this.rows) {
      row.element.classList.toggle("chosen", row.worker === worker && worker >= 0);
      if (row.worker >= 0) row.element.setAttribute("aria-pressed", String(row.worker === worker));
    }
  }

  /** Draw the moment; `flight` is how many seconds of the run a task is seen to travel, unless it is to keep
   * `still`. */
  draw(now, flight, moving, still, theme) {
    if (!this.place) this.layOut();
    if (!this.place) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.hits = [];
    this.painter.paint(context, now, flight, still, theme);
    this.tellRows(now, moving);
  }

  /** Names and scores; what a row says to screen readers changes only while nothing moves. */
  tellRows(now, moving) {
    const { model } = this;
    for (const row of this.rows) {
      if (row.worker < 0) continue;
      const there = model.isPresent(row.worker, now);
      const busy = model.hands[row.worker].atWork.length + model.hands[row.worker].waiting.length;
      row.element.classList.toggle("absent", !there);
      if (!row.isClient) this.tellScore(row, now, there);
      if (moving) continue;
      const slots = row.shared ? null : model.slots(row.machine, now);
      const parts = [model.names[row.worker]];
      if (row.isClient && model.workers.kind[row.worker]) parts.push(`of ${model.workers.kind[row.worker]}`);
      if (model.workers.strategy[row.worker]) parts.push(`cheats: ${model.workers.strategy[row.worker].replaceAll("_", " ")}`);
      if (!there) parts.push(now < model.enter[row.worker] ? "not there yet" : "has left");
      if (there || busy) parts.push(slots === null ? `${model.hands[row.worker].atWork.length} at work` : `${model.hands[row.worker].atWork.length} of ${plural(slots, "slot")} at work`, `${model.hands[row.worker].waiting.length} waiting`);
      if (row.said && there) parts.push(`score ${row.said}`);
      const label = parts.join(", ");
      if (row.element.getAttribute("aria-label") !== label) row.element.setAttribute("aria-label", label);
    }
  }

  tellScore(row, now, there) {
    const score = this.model.score(row.worker, now);
    const known = score !== null && score !== undefined;
    const said = there ? (known ? score.toFixed(2) : "–") : now < this.model.enter[row.worker] ? "not yet" : "left";
    if (said === row.said) return;
    row.said = said;
    row.score.textContent = said;
    row.score.style.setProperty("--score", there && known ? score : 0);
    row.score.classList.toggle("words", !there || !known);
  }

  /** The job that is drawn nearest to a pointer, if any is near. */
  jobAt(event) {
    const box = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let nearest = null;
    let best = 9 ** 2;
    for (const hit of this.hits) {
      const away = (hit.x - x) ** 2 + (hit.y - y) ** 2;
      if (away < best) [nearest, best] = [hit, away];
    }
    return nearest;
  }

  hover(event) {
    const hit = this.jobAt(event);
    this.element.classList.toggle("over", Boolean(hit));
    this.tip.hidden = !hit;
    if (!hit) return;
    this.tip.textContent = this.tipOf(hit.job);
    this.tip.style.top = `${hit.y + 12}px`;
    this.tip.style.left = `${Math.max(0, Math.min(hit.x + 10, this.width - this.tip.offsetWidth - 4))}px`;
  }

  tipOf(job) {
    const { jobs, names, replay } = this.model;
    const again = jobs.attempt[job] ? `, attempt ${jobs.attempt[job] + 1}` : "";
    const to = jobs.worker[job] === jobs.client[job] ? "at home" : `at ${names[jobs.worker[job]]}`;
    return `Task ${jobs.task[job]}${again}: ${replay.types[jobs.type_id[job]]}, for ${names[jobs.client[job]]} ${to}`;
  }

  click(event) {
    const hit = event.detail === 0 ? null : this.jobAt(event); // 0: by the keyboard, which means the row
    if (!hit) return;
    event.stopPropagation();
    event.preventDefault();
    this.explain(hit.job);
  }
}
