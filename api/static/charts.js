// Draws a room's week: occupancy, CO2 and power over one axis of time, with findings as bands and items as marks.
"use strict";

window.premisesChart = async (box) => {
  const zone = box.dataset.zone;
  const weekdays = box.dataset.weekdays.split(" ");
  const readout = box.querySelector("[data-readout]");
  const message = box.querySelector("[data-message]");
  const colour = (name) => getComputedStyle(box).getPropertyValue(name).trim();
  const local = (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone);
  const two = (number) => String(number).padStart(2, "0");

  const tell = (text) => {
    for (const plot of box.querySelectorAll(".plot")) plot.hidden = true;
    message.textContent = text;
    message.hidden = false;
    box.dataset.state = "empty";
  };

  let week;
  try {
    const answer = await fetch(box.dataset.chart, { headers: { "X-Premises-Refresh": "1", Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    week = await answer.json();
  } catch {
    return tell(box.dataset.failed);
  }
  if (!week.time.length) return tell(box.dataset.none);

  const moment = (seconds) => {
    const time = local(seconds);
    return `${weekdays[time.getDay()]} ${two(time.getHours())}:${two(time.getMinutes())}`;
  };

  // Findings are bars in a lane of their own; an item is a mark through all plots, with its number in the lane.
  const ROW = 24;
  const x = (plot, seconds) => plot.valToPos(Math.min(Math.max(seconds, week.start), week.end), "x", true);
  const marks = (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour("--accent");
    ctx.lineWidth = 2 * devicePixelRatio;
    for (const each of week.items) line(ctx, x(plot, each.at), bbox.top, x(plot, each.at), bbox.top + bbox.height);
    ctx.restore();
  };
  const lane = (plot) => {
    const { ctx, bbox } = plot;
    const unit = devicePixelRatio;
    ctx.save();
    ctx.font = `${13 * unit}px ${getComputedStyle(box).fontFamily}`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    week.findings.forEach((each, row) => bar(ctx, each, x(plot, each.start), x(plot, each.end), bbox.top + row * ROW * unit, unit));
    ctx.fillStyle = colour("--accent");
    const below = bbox.top + (week.findings.length * ROW + 10) * unit;
    for (const each of week.items) ctx.fillText(each.text, x(plot, each.at) + 5 * unit, below);
    ctx.restore();
  };
  const bar = (ctx, each, left, right, top, unit) => {
    ctx.save();
    ctx.fillStyle = colour(`--${each.severity}-soft`);
    ctx.strokeStyle = colour(`--${each.severity}`);
    ctx.lineWidth = unit;
    ctx.fillRect(left, top + 2 * unit, right - left, (ROW - 5) * unit);
    ctx.strokeRect(left, top + 2 * unit, right - left, (ROW - 5) * unit);
    ctx.fillStyle = colour("--ink");
    const width = ctx.measureText(each.text).width;
    const inside = left + 6 * unit;
    ctx.fillText(each.text, inside + width > ctx.canvas.width ? left - width - 6 * unit : inside, top + (ROW / 2) * unit);
    ctx.restore();
  };
  const above = (name) => (plot) => {
    const limit = week.limits[name];
    if (limit === undefined || limit > plot.scales.y.max) return;
    const { ctx, bbox } = plot;
    const y = plot.valToPos(limit, "y", true);
    ctx.save();
    ctx.strokeStyle = colour("--edge");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    ctx.restore();
  };
  const line = (ctx, fromX, fromY, toX, toY) => {
    ctx.beginPath();
    ctx.moveTo(fromX, fromY);
    ctx.lineTo(toX, toY);
    ctx.stroke();
  };

  const laneHeight = week.findings.length * ROW + (week.items.length ? 20 : 0) + 8;
  const KINDS = {
    lane: { colour: "--ink", height: laneHeight, scale: [0, 1], bare: true },
    occupied: { colour: "--occupied", height: 64, scale: [0, 1], stepped: true, bare: true },
    co2_ppm: { colour: "--co2", height: 150, low: 400, high: 1200 },
    power_w: { colour: "--power", height: 150, low: 0, high: 100, stepped: true },
  };
  const isLaneShown = week.findings.length + week.items.length > 0;
  week.columns.lane = week.time.map(() => null);
  const measured = Object.keys(KINDS).filter((name) => week.columns[name]?.some((value) => value !== null));
  const names = isLaneShown ? ["lane", ...measured] : measured;
  const plots = [];

  const show = (index) => {
    if (index === null || index === undefined) return (readout.textContent = "");
    const values = measured.map((name) => {
      const value = week.columns[name][index];
      const title = box.querySelector(`[data-plot="${name}"]`).previousElementSibling.textContent.trim();
      return `${title} ${value === null || value === undefined ? "–" : name === "occupied" ? `${Math.round(value * 100)}%` : Math.round(value)}`;
    });
    readout.textContent = [moment(week.time[index]), ...values].join("   ");
  };

  const axis = () => ({ stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: `12px ${getComputedStyle(box).fontFamily}` });
  const midnights = (plot, _, min, max) => {
    const found = [];
    for (let time = min; time <= max; time += 3600) {
      const rounded = Math.floor(time / 3600) * 3600;
      if (rounded >= min && local(rounded).getHours() === 0) found.push(rounded);
    }
    return [...new Set(found)];
  };

  const isNarrow = box.clientWidth < 520;
  const day = (time) => weekdays[local(time).getDay()] + (isNarrow ? "" : ` ${local(time).getDate()}`);
  const options = (name, width, isLast) => {
    const kind = KINDS[name];
    const stroke = colour(kind.colour);
    return {
      width,
      height: kind.height + (isLast ? 36 : 16),
      padding: [8, 14, isLast ? 0 : 6, 0],
      tzDate: local,
      legend: { show: false },
      cursor: { sync: { key: box.dataset.chart }, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true, range: [week.start, week.end] },
        y: { range: (_, low, high) => kind.scale ?? [Math.min(kind.low, low ?? kind.low), Math.max(kind.high, (high ?? 0) * 1.08)] },
      },
      axes: [
        { ...axis(), size: isLast ? 28 : 2, splits: midnights, values: (_, splits) => splits.map((time) => (isLast ? day(time) : "")) },
        { ...axis(), size: 48, space: 36, ...(kind.bare ? { splits: () => [], values: () => [] } : {}) },
      ],
      series: [
        {},
        { stroke, width: 1.5, fill: `${stroke}2e`, spanGaps: false, points: { show: false }, paths: kind.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined },
      ],
      hooks: { draw: name === "lane" ? [marks, lane] : [marks, above(name)], setCursor: [(plot) => show(plot.cursor.idx)] },
    };
  };

  const draw = () => {
    while (plots.length) plots.pop().destroy();
    for (const [index, name] of names.entries()) {
      const place = box.querySelector(`[data-plot="${name}"]`);
      plots.push(new uPlot(options(name, place.clientWidth, index === names.length - 1), [week.time, week.columns[name]], place));
    }
  };

  for (const plot of box.querySelectorAll("[data-plot]")) plot.closest(".plot").hidden = !names.includes(plot.dataset.plot);
  if (!measured.length) return tell(box.dataset.none);
  draw();
  box.dataset.state = "drawn";

  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (!box.isConnected || box.clientWidth === width) return;
    width = box.clientWidth;
    draw();
  }).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => box.isConnected && draw());
};
