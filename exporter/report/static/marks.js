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
  const place = (run, seconds) => plot.valToPos(positions(run, [seconds])[0], "x", true);
  data.runs.forEach((run, index) => {
    if (!isShown(index)) return;
    const colour = themeColour(`--colour-${index % 8}`);
    if (view.fits && chart.unit === "bytes" && run.warmup !== null) drawWarmup(ctx, bbox, place(index, run.warmup), place(index, firstSecond(index)), colour, scale);
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

function drawWarmup(ctx, bbox, end, start, colour, scale) {
  ctx.globalAlpha = 0.09;
  ctx.fillStyle = colour;
  ctx.fillRect(start, bbox.top, end - start, bbox.height);
  ctx.globalAlpha = 1;
  if (end - start > 56 * scale) {
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.fillStyle = themeColour("--quiet");
    ctx.textAlign = "right";
    ctx.textBaseline = "top";
    ctx.fillText("warm-up", end - 5 * scale, bbox.top + 4 * scale);
  }
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
