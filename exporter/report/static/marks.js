// Warm-up, phases, reconnects and restarts, drawn behind the lines of a chart.

const PHASE_COLOURS = 6;
const STRIP = 5;

function drawMarks(plot, chart) {
  if (chart.axis === "latency") return;
  const { ctx, bbox } = plot;
  const scale = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  if (view.fits && chart.unit === "bytes") drawWarmups(plot, scale);
  const place = (run, seconds) => plot.valToPos(positions(run, [seconds])[0], "x", true);
  data.runs.forEach((run, index) => {
    if (!isShown(index)) return;
    const colour = themeColour(`--colour-${index % 8}`);
    if (!view.marks) return;
    for (const second of run.restarts) dashedLine(ctx, bbox, place(index, second), colour, scale);
    drawReconnects(ctx, bbox, run.reconnects.map((second) => place(index, second)), colour, scale);
  });
  if (view.marks) drawPhases(ctx, bbox, place, scale);
  ctx.restore();
}

function firstSecond(index) {
  const line = data.charts.flatMap((chart) => chart.lines).find((one) => one.run === index && one.t.length);
  return line ? line.t[0] : 0;
}

// One run's warm-up is a shade; those of several would hide each other, so each is a bar at the top.
function drawWarmups({ ctx, bbox, valToPos }, scale) {
  const found = data.runs.map((run, index) => ({ index, warmup: run.warmup })).filter(({ index, warmup }) => warmup !== null && isShown(index));
  found.forEach(({ index, warmup }, row) => {
    const [start, end] = positions(index, [firstSecond(index), warmup]).map((x) => valToPos(x, "x", true));
    const colour = themeColour(`--colour-${index % 8}`);
    const top = bbox.top + (found.length > 1 ? (10 + 5 * row) * scale : 0);
    ctx.fillStyle = colour;
    ctx.globalAlpha = found.length > 1 ? 0.5 : 0.09;
    ctx.fillRect(start, top, end - start, found.length > 1 ? 3 * scale : bbox.height);
    ctx.globalAlpha = 1;
    if (row < found.length - 1 || end - start < 56 * scale) return;
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.fillStyle = themeColour("--quiet");
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillText("warm-up", start + 5 * scale, top + (found.length > 1 ? 6 : 10) * scale);
  });
}

function dashedLine(ctx, bbox, x, colour, scale) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * scale;
  ctx.setLineDash([3 * scale, 4 * scale]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
}

function drawReconnects(ctx, bbox, places, colour, scale) {
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.75;
  ctx.lineWidth = scale;
  ctx.beginPath();
  for (const x of places) {
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + 7 * scale);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
}

// A strip for every run that is shown, at the bottom, one above the other.
function drawPhases(ctx, bbox, place, scale) {
  const shown = data.runs.map((_, index) => index).filter((index) => isShown(index) && data.runs[index].phases.length);
  shown.forEach((index, row) => {
    const top = bbox.top + bbox.height - (shown.length - row) * (STRIP + 1) * scale;
    for (const [start, end, phase] of data.runs[index].phases) {
      ctx.fillStyle = themeColour(`--phase-${phase % PHASE_COLOURS}`);
      const left = place(index, start);
      ctx.fillRect(left, top, Math.max(place(index, end) - left, scale), STRIP * scale);
    }
  });
}

function listPhases() {
  const list = document.getElementById("phases");
  if (!list) return;
  list.replaceChildren(...data.phases.map((name, index) => {
    const item = document.createElement("li");
    const swatch = item.appendChild(document.createElement("i"));
    swatch.className = `phase-${index % PHASE_COLOURS}`;
    item.append(name || "no phase");
    return item;
  }));
  if (data.runs.some((run) => run.reconnects.length)) {
    list.appendChild(document.createElement("li")).textContent = "Ticks at the top: reconnects";
  }
  if (data.runs.some((run) => run.restarts.length)) {
    list.appendChild(document.createElement("li")).textContent = "Dashed lines: the subject or the record starts anew";
  }
  list.hidden = !view.marks || !list.children.length;
}
