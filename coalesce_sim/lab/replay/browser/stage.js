/* The stage: a row a worker, its queue and slots, and the tasks that travel between them. */
const NARROW_PX = 640;
const ONE_LINE = 5;
const MOST_SQUARES = 16;
const ZONE_PX = 66;
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
    this.rows = [];
    const sides = [["clients", "Clients", true], ["contractors", "Contractors", false]].map(([name, title, isClient]) => {
      const side = made("div", `side ${name}`);
      side.setAttribute("role", "group");
      side.setAttribute("aria-label", `${title}; up and down go from one to the next`);
      side.addEventListener("keydown", (event) => this.walk(event, side));
      const heading = made("p", "heading");
      const score = this.model.replay.scored === "public" ? "public score" : "advertised reliability";
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
        const name = made("span", "name", workers.name[worker]);
        row.append(name);
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
    this.narrow = box.width < NARROW_PX;
    this.element.classList.toggle("narrow", this.narrow);
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
    this.drawHired(context, now, theme);
    for (const row of this.rows) this.drawRow(context, row, now, theme);
    this.drawFlights(context, now, flight, still, theme);
    this.tellRows(now, moving);
  }

  /** Who works for whom: a line for every pair, the wider the more. */
  drawHired(context, now, theme) {
    if (this.narrow) return;
    const pairs = new Map();
    const { client, worker } = this.model.jobs;
    for (const job of this.model.around(now, 0)) {
      if (client[job] === worker[job]) continue;
      const key = client[job] * this.model.names.length + worker[job];
      pairs.set(key, (pairs.get(key) ?? 0) + 1);
    }
    context.strokeStyle = theme.accent;
    for (const [key, count] of pairs) {
      const [from, to] = [Math.floor(key / this.model.names.length), key % this.model.names.length];
      const [start, end] = [this.place[from]?.port, this.place[to]?.port];
      if (!start || !end) continue;
      const ours = this.chosen < 0 || from === this.chosen || to === this.chosen;
      context.globalAlpha = ours ? (this.chosen < 0 ? 0.3 : 0.75) : 0.08;
      context.lineWidth = 1 + 0.6 * Math.min(count - 1, 4);
      context.beginPath();
      context.moveTo(...start);
      const middle = (start[0] + end[0]) / 2;
      context.bezierCurveTo(middle, start[1], middle, end[1], ...end);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  drawRow(context, row, now, theme) {
    const { model } = this;
    const there = row.worker < 0 || model.isPresent(row.worker, now);
    const working = row.worker < 0 ? [] : model.hands[row.worker].atWork;
    const waiting = row.worker < 0 ? [] : model.hands[row.worker].waiting;
    if (!there && !working.length && !waiting.length) return;
    const ofMachine = row.worker < 0;
    const member = row.shared && !ofMachine;
    const slots = member ? null : model.slots(row.machine, now);
    const busy = ofMachine ? model.busy[row.machine] : working.length;
    const queue = ofMachine ? model.queue[row.machine] : waiting.length;
    this.drawSlots(context, row, slots, busy, working, theme, member);
    this.drawQueue(context, row, queue, waiting, theme);
    if (!ofMachine) {
      context.fillStyle = theme.line;
      context.beginPath();
      context.arc(...row.port, 2.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  drawSlots(context, row, slots, busy, working, theme, member) {
    const { square, slotX, slotDirection: direction, y } = row;
    const shown = slots === null ? busy : Math.max(slots, busy);
    if (shown > MOST_SQUARES) {
      this.drawBar(context, row, busy, slots, theme);
      return;
    }
    const lines = shown > ONE_LINE ? 2 : 1;
    const side = lines === 2 ? Math.min(8, (row.height - 4) / 2 - 1.5) : square;
    const step = side + (lines === 2 ? 1.5 : 2.5);
    const across = Math.ceil(shown / lines);
    for (let place = 0; place < shown; place += 1) {
      const along = (place % across) * step;
      const x = direction > 0 ? slotX + along : slotX - along - side;
      const top = lines === 1 ? y - side / 2 : y - step + 0.75 + Math.floor(place / across) * step;
      const job = working[place];
      context.beginPath();
      context.roundRect(x + 0.5, top + 0.5, side - 1, side - 1, lines === 2 ? 1.2 : 2);
      if (place < busy) {
        const explored = job !== undefined && this.model.jobs.explored[job];
        context.fillStyle = explored ? theme.back : theme.accent;
        context.globalAlpha = member || row.worker >= 0 ? 1 : 0.55;
        context.fill();
        if (explored) {
          context.strokeStyle = theme.accent;
          context.lineWidth = 1.8;
          context.stroke();
        }
        context.globalAlpha = 1;
        if (job !== undefined) this.hits.push({ x: x + side / 2, y: top + side / 2, job });
      } else {
        context.strokeStyle = theme.grey;
        context.globalAlpha = 0.7;
        context.lineWidth = 1;
        context.stroke();
        context.globalAlpha = 1;
      }
    }
    if (slots === null && busy === 0 && !member) {
      context.strokeStyle = theme.line;
      context.setLineDash([2, 2]);
      context.strokeRect(direction > 0 ? slotX + 0.5 : slotX - square + 0.5, y - square / 2 + 0.5, square - 1, square - 1);
      context.setLineDash([]);
    }
  }

  /** More slots than can be shown one by one: how full they are, and the numbers. */
  drawBar(context, row, busy, slots, theme) {
    const { square, slotX, slotDirection: direction, y } = row;
    const width = ZONE_PX * 0.85;
    const x = direction > 0 ? slotX : slotX - width;
    context.beginPath();
    context.roundRect(x, y - square / 2, width, square, 3);
    context.fillStyle = theme.line;
    context.fill();
    const share = slots === null ? 1 : Math.min(1, busy / Math.max(1, slots));
    context.save();
    context.clip();
    context.fillStyle = theme.accent;
    context.fillRect(direction > 0 ? x : x + width * (1 - share), y - square / 2, width * share, square);
    context.restore();
    this.write(context, slots === null || slots > 999 ? numbers.format(busy) : `${busy}/${slots}`, x + width / 2, y, theme.ink, "center", theme.back);
  }

  /** The first who waits is next to the slots; of many the number is told. */
  drawQueue(context, row, queue, waiting, theme) {
    if (!queue) return;
    const { queueX, queueDirection: direction, queueWidth, y, square } = row;
    const r = Math.max(2.4, square * 0.3);
    const step = 2 * r + 2;
    const room = Math.max(1, Math.floor((queueWidth - 8) / step));
    const shown = queue > room ? Math.max(1, room - 3) : queue;
    for (let place = 0; place < shown; place += 1) {
      const x = queueX + direction * (r + place * step);
      const job = waiting[place];
      drawWaiting(context, theme, x, y, r);
      if (job !== undefined) this.hits.push({ x, y, job });
    }
    if (queue > room) this.write(context, String(queue), queueX + direction * (shown * step + 2), y, theme.waiting, direction > 0 ? "left" : "right");
  }

  write(context, text, x, y, colour, align, halo) {
    context.font = `600 11px ${this.font ?? "system-ui, sans-serif"}`;
    context.textAlign = align;
    context.textBaseline = "middle";
    if (halo) {
      context.lineWidth = 3;
      context.strokeStyle = halo;
      context.globalAlpha = 0.8;
      context.strokeText(text, x, y + 0.5);
      context.globalAlpha = 1;
    }
    context.fillStyle = colour;
    context.fillText(text, x, y + 0.5);
  }

  /** Tasks on their way out, and back with what came of them; work at home tells its outcome where it is. */
  drawFlights(context, now, flight, still, theme) {
    const { model } = this;
    const stands = model.workers.stands_for;
    for (const job of model.around(now, flight)) {
      const [client, worker] = [model.jobs.client[job], model.jobs.worker[job]];
      const [home, away] = [this.place[client], this.place[worker]];
      if (!home || !away || (stands[client] > 1 && stands[worker] > 1)) continue;
      const faint = this.chosen >= 0 && client !== this.chosen && worker !== this.chosen;
      context.globalAlpha = faint ? 0.2 : 1;
      const back = now - model.left[job];
      const look = LOOKS[LOOK_OF[model.jobs.outcome[job]]];
      const cheat = model.jobs.deed[job] > 0;
      if (client === worker) {
        if (back >= 0 && back < flight && this.chosen < 0) {
          context.globalAlpha = 1 - back / flight;
          const aside = home.slotX - ZONE_PX / 2 - (back / flight) * 14;
          const [x, y] = this.narrow ? [home.right - 9, home.top + 10] : [aside, home.y];
          drawOutcome(context, look, theme, x, y, 3.6, false);
        }
        continue;
      }
      const out = (now - model.asked[job]) / Math.max(flight, model.came[job] - model.asked[job]);
      if (back >= 0) {
        const [x, y] = this.between(away.port, home.port, still ? 1 : Math.min(1, back / Math.max(flight, model.ended[job] - model.left[job])));
        if (now >= model.ended[job]) {
          drawOutcome(context, look, theme, x, y, 4.4, cheat);
          if (model.jobs.defence[job]) drawRule(context, theme, x, y, 4.4);
        } else drawJob(context, theme, x, y, 4, model.jobs.explored[job]);
        this.hits.push({ x, y, job });
      } else if (out < 1 && !(still && now >= model.came[job])) {
        const [x, y] = this.between(home.port, away.port, still ? 0.5 : out);
        drawJob(context, theme, x, y, 4, model.jobs.explored[job]);
        this.hits.push({ x, y, job });
      }
    }
    for (let place = above(model.falseTimes, now - flight); place < above(model.falseTimes, now); place += 1) {
      const { worker, at } = model.falseRatings[place];
      const row = this.place[worker];
      if (!row) continue;
      context.globalAlpha = 1 - (now - at) / flight;
      drawRing(context, theme, row.right - this.scoreWidth - 8, row.y, 2);
    }
    context.globalAlpha = 1;
  }

  /** A point on the curve between two ports. */
  between([x1, y1], [x2, y2], share) {
    const u = share * share * (3 - 2 * share);
    const v = 1 - u;
    const [a, d] = [v * v * v, u * u * u];
    const [b, c] = [3 * v * v * u, 3 * v * u * u];
    if (this.narrow) {
      const middle = (y1 + y2) / 2;
      return [a * x1 + b * x1 + c * x2 + d * x2, a * y1 + b * middle + c * middle + d * y2];
    }
    const middle = (x1 + x2) / 2;
    return [a * x1 + b * middle + c * middle + d * x2, a * y1 + b * y1 + c * y2 + d * y2];
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
