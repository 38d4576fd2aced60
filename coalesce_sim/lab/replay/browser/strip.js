/* The strip: jobs under way over the whole time, with marks for who comes and goes, cheats, and the moment. */
const MARKS_PX = 12;
const [OTHERS_ALPHA, WAITING_ALPHA] = [0.55, 0.75];

class Strip {
  constructor(model, seek) {
    this.model = model;
    this.seek = seek;
    this.element = made("div", "strip");
    this.still = made("canvas");
    this.cursor = made("div", "cursor");
    this.element.append(this.still, this.cursor);
    this.element.setAttribute("aria-hidden", "true");
    const go = (event) => {
      const box = this.element.getBoundingClientRect();
      this.seek(Math.max(0, Math.min(1, (event.clientX - box.left - this.inset) / (box.width - 2 * this.inset))) * model.until);
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      go(event);
    });
    this.element.addEventListener("pointermove", (event) => event.buttons && go(event));
    this.inset = 8;
  }

  x(at) {
    return this.inset + (at / this.model.until) * (this.width - 2 * this.inset);
  }

  /** Draw what does not change with the moment. */
  layOut(theme, font) {
    this.width = this.element.clientWidth;
    if (!this.width) return;
    const height = this.element.clientHeight;
    const ratio = window.devicePixelRatio || 1;
    this.still.width = Math.round(this.width * ratio);
    this.still.height = Math.round(height * ratio);
    this.still.style.width = `${this.width}px`;
    this.still.style.height = `${height}px`;
    const context = this.still.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, height);
    const points = Math.max(2, Math.round(this.width - 2 * this.inset));
    const { waiting, others } = this.model.course(points);
    const most = Math.max(1, this.model.most());
    const [top, bottom] = [MARKS_PX + 2, height - 14];
    const y = (many) => bottom - (many / most) * (bottom - top);
    const area = (low, high, colour, alpha) => {
      context.beginPath();
      context.moveTo(this.inset, y(low(0)));
      for (let point = 0; point < points; point += 1) context.lineTo(this.inset + point, y(high(point)));
      for (let point = points - 1; point >= 0; point -= 1) context.lineTo(this.inset + point, y(low(point)));
      context.globalAlpha = alpha;
      context.fillStyle = colour;
      context.fill();
      context.globalAlpha = 1;
    };
    area(() => 0, (point) => others[point], theme.accent, OTHERS_ALPHA);
    area((point) => others[point], (point) => others[point] + waiting[point], theme.waiting, WAITING_ALPHA);
    context.fillStyle = theme.line;
    context.fillRect(this.inset, bottom, this.width - 2 * this.inset, 1);
    this.drawHours(context, bottom, theme, font);
    this.drawMarks(context, theme);
    context.font = `10px ${font}`;
    context.fillStyle = theme.grey;
    context.textAlign = "right";
    context.textBaseline = "top";
    context.lineWidth = 3;
    context.strokeStyle = theme.back;
    const label = `at most ${plural(most, "job")} under way`;
    context.strokeText(label, this.width - this.inset, top - 2);
    context.fillText(label, this.width - this.inset, top - 2);
  }

  drawHours(context, bottom, theme, font) {
    const steps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200, DAY_S, 2 * DAY_S, 7 * DAY_S, 30 * DAY_S];
    const step = steps.find((each) => (each / this.model.until) * (this.width - 2 * this.inset) >= 64) ?? steps.at(-1);
    context.font = `11px ${font}`;
    context.fillStyle = theme.grey;
    context.textBaseline = "alphabetic";
    for (let at = 0; at <= this.model.until; at += step) {
      const x = this.x(at);
      context.fillRect(x, bottom, 1, 3);
      const day = `day ${Math.floor(at / DAY_S) + 1}`;
      const clock = `${two(Math.floor((at % DAY_S) / HOUR_S))}:${two(Math.floor((at % HOUR_S) / 60))}${step < 60 ? `:${two(at % 60)}` : ""}`;
      const label = step >= DAY_S || (at % DAY_S === 0 && this.model.until > DAY_S) ? day : clock;
      context.textAlign = at === 0 ? "left" : x > this.width - 40 ? "right" : "center";
      context.fillText(label, x, bottom + 13);
    }
  }

  /** Up for who enters, down for who leaves, crossed for cheats. */
  drawMarks(context, theme) {
    const { model } = this;
    let last = -Infinity;
    for (const at of model.cheatTimes) {
      if (at > model.until || this.x(at) - last < 2) continue;
      last = this.x(at);
      context.fillStyle = theme.warm;
      context.fillRect(last - 0.75, MARKS_PX - 3, 1.5, 5);
    }
    model.names.forEach((_, worker) => {
      if (model.enter[worker] > 0 && model.enter[worker] <= model.until) drawComing(context, this.x(model.enter[worker]), MARKS_PX / 2, true, ENTERS);
      if (model.leave[worker] <= model.until) drawComing(context, this.x(model.leave[worker]), MARKS_PX / 2, false, theme.grey);
    });
  }

  show(now) {
    if (this.width) this.cursor.style.transform = `translateX(${this.x(now).toFixed(1)}px)`;
  }
}
