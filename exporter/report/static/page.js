// Puts the page together: charts, toolbar, theme, print.

const REST_MS = 150;

function start() {
  const announcement = document.getElementById("announcement");
  const charts = [];
  const zoom = new Zoom(follower(charts));
  for (const spec of data.charts) {
    charts.push(new Chart(spec, { zoom, announce: (text) => { announcement.textContent = text; } }));
  }
  const form = document.getElementById("toolbar");
  const redraw = () => {
    for (const chart of charts) chart.draw();
  };
  const choose = () => {
    readToolbar(form);
    zoom.set(view.range);
    listPhases();
    redraw();
  };
  if (form) {
    form.addEventListener("change", choose);
    choose();
  }
  setUpTheme(redraw);
  setUpPrint(redraw);
}

// Applies a new range: at once, frame by frame, to the charts in view, and to the others when it has come to rest.
function follower(charts) {
  let frame = 0;
  let rest = 0;
  const show = (wanted) => {
    const [min, max] = view.range ?? wholeRange();
    for (const chart of charts) if (wanted(chart)) chart.showRange(min, max);
  };
  return () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      show((chart) => chart.inView);
    });
    clearTimeout(rest);
    rest = setTimeout(show, REST_MS, () => true);
  };
}

function setUpTheme(redraw) {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  button.addEventListener("click", () => {
    const light = root.dataset.theme !== "light";
    root.dataset.theme = light ? "light" : "dark";
    button.textContent = light ? "Dark" : "Light";
    redraw();
  });
}

// Paper is white and has a width of its own.
function setUpPrint(redraw) {
  const root = document.documentElement;
  let theme = null;
  matchMedia("print").addEventListener("change", ({ matches }) => {
    if (matches) {
      theme = root.dataset.theme;
      root.dataset.theme = "light";
    } else if (theme) {
      root.dataset.theme = theme;
    }
    // Paper can't be unfolded.
    for (const details of document.querySelectorAll("details.settings")) details.open = matches;
    redraw();
  });
}

start();
