/* What the stage draws at a moment: who is hired, slots and queues, and the tasks that travel. */
const ONE_LINE = 5;
const MOST_SQUARES = 16;
const ZONE_PX = 66;

class Painter {
  /** Paints on a `Stage`, which knows where its rows are, and is told where the jobs are drawn (`hits`). */
  constructor(stage) {
    this.stage = stage;
    this.model = stage.model;
  }

  paint(context, now, flight, still, theme) {
    this.drawHired(context, now, theme);
    for (const row of this.stage.rows) this.drawRow(context, row, now, theme);
    this.drawFlights(context, now, flight, still, theme);
  }

  /** Who works for whom: a line for every pair, the wider the more. */
  drawHired(context, now, theme) {
    if (this.stage.narrow) return;
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
      const [start, end] = [this.stage.place[from]?.port, this.stage.place[to]?.port];
      if (!start || !end) continue;
      const ours = this.stage.chosen < 0 || from === this.stage.chosen || to === this.stage.chosen;
      context.globalAlpha = ours ? (this.stage.chosen < 0 ? 0.3 : 0.75) : 0.08;
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
        if (job !== undefined) this.stage.hits.push({ x: x + side / 2, y: top + side / 2, job });
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
      if (job !== undefined) this.stage.hits.push({ x, y, job });
    }
    if (queue > room) this.write(context, String(queue), queueX + direction * (shown * step + 2), y, theme.waiting, direction > 0 ? "left" : "right");
  }

  write(context, text, x, y, colour, align, halo) {
    context.font = `600 11px ${this.stage.font ?? "system-ui, sans-serif"}`;
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
      const [home, away] = [this.stage.place[client], this.stage.place[worker]];
      if (!home || !away || (stands[client] > 1 && stands[worker] > 1)) continue;
      const faint = this.stage.chosen >= 0 && client !== this.stage.chosen && worker !== this.stage.chosen;
      context.globalAlpha = faint ? 0.2 : 1;
      const back = now - model.left[job];
      const look = LOOKS[LOOK_OF[model.jobs.outcome[job]]];
      const cheat = model.jobs.deed[job] > 0;
      if (client === worker) {
        if (back >= 0 && back < flight && this.stage.chosen < 0) {
          context.globalAlpha = 1 - back / flight;
          const aside = home.slotX - ZONE_PX / 2 - (back / flight) * 14;
          const [x, y] = this.stage.narrow ? [home.right - 9, home.top + 10] : [aside, home.y];
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
        this.stage.hits.push({ x, y, job });
      } else if (out < 1 && !(still && now >= model.came[job])) {
        const [x, y] = this.between(home.port, away.port, still ? 0.5 : out);
        drawJob(context, theme, x, y, 4, model.jobs.explored[job]);
        this.stage.hits.push({ x, y, job });
      }
    }
    for (let place = above(model.falseTimes, now - flight); place < above(model.falseTimes, now); place += 1) {
      const { worker, at } = model.falseRatings[place];
      const row = this.stage.place[worker];
      if (!row) continue;
      context.globalAlpha = 1 - (now - at) / flight;
      drawRing(context, theme, row.right - this.stage.scoreWidth - 8, row.y, 2);
    }
    context.globalAlpha = 1;
  }

  /** A point on the curve between two ports. */
  between([x1, y1], [x2, y2], share) {
    const u = share * share * (3 - 2 * share);
    const v = 1 - u;
    const [a, d] = [v * v * v, u * u * u];
    const [b, c] = [3 * v * v * u, 3 * v * u * u];
    if (this.stage.narrow) {
      const middle = (y1 + y2) / 2;
      return [a * x1 + b * x1 + c * x2 + d * x2, a * y1 + b * middle + c * middle + d * y2];
    }
    const middle = (x1 + x2) / 2;
    return [a * x1 + b * middle + c * middle + d * x2, a * y1 + b * y1 + c * y2 + d * y2];
  }
}
