"use strict";
// What the page does: it reads the data, draws the regions of the chosen layers, and says what stands at a point.
(async () => {
  const $ = (id) => document.getElementById(id);
  const complain = (text) => { $("problem").textContent = text; $("problem").hidden = false; };
  if (typeof DecompressionStream === "undefined") {
    complain("This browser is too old for this page: it needs one of 2023 or later.");
    return;
  }
  const meta = JSON.parse($("meta").textContent);
  const blob = await unpacked($("tables").textContent);

  // ---- numbers -----------------------------------------------------------------------------------------------------
  async function unpacked(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  const floats = (at, n) => {
    const view = new DataView(blob.buffer, at, 4 * n);
    return Float64Array.from({ length: n }, (_, i) => view.getFloat32(4 * i, true));
  };

  const [, , masses] = meta.axes.mass;
  const [, , couplings] = meta.axes.coupling;

  // Differences along the coupling, all low bytes before all high ones.
  function codes(at) {
    const n = masses * couplings;
    const result = new Uint16Array(n);
    for (let i = 0, sum = 0; i < n; i++) {
      sum = ((i % couplings ? sum : 0) + blob[at + i] + 256 * blob[at + n + i]) & 0xffff;
      result[i] = sum;
    }
    return result;
  }

  const unpack = (table) => {
    if (!table || table.codes || !("at" in table)) return;
    table.codes = codes(table.at);
    if (table.offset) {
      const { n, at } = table.offset;
      Object.assign(table.offset, { mass: floats(at[0], n), value: floats(at[1], n) });
    }
  };

  const place = ([low, high, n], x) => (Math.log(x / low) / Math.log(high / low)) * (n - 1);

  // The last i with sorted[i] <= x, or -1.
  function before(sorted, x) {
    let low = -1, high = sorted.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= x) low = middle; else high = middle;
    }
    return low;
  }

  // Straight in the logarithm of the first.
  function between(x, xs, ys) {
    const i = before(xs, x);
    if (i < 0 || (i === xs.length - 1 && x > xs[i])) return NaN;
    if (i === xs.length - 1 || x === xs[i]) return ys[i];
    return ys[i] + (ys[i + 1] - ys[i]) * (Math.log(x / xs[i]) / Math.log(xs[i + 1] / xs[i]));
  }

  function read(table, mass, coupling) {
    unpack(table);
    const u = place(meta.axes.mass, mass), v = place(meta.axes.coupling, coupling);
    const i = Math.min(Math.max(Math.floor(u), 0), masses - 2);
    const j = Math.min(Math.max(Math.floor(v), 0), couplings - 2);
    const a = u - i, b = v - j, c = table.codes, k = i * couplings + j;
    const low = (1 - b) * c[k] + b * c[k + 1];
    const high = (1 - b) * c[k + couplings] + b * c[k + couplings + 1];
    let t = table.low + table.step * ((1 - a) * low + a * high);
    if (table.offset) t += between(mass, table.offset.mass, table.offset.value);
    return table.unit * (table.scale === "arsinh" ? Math.sinh(t) : Math.exp(t));
  }

  const bandsOf = (region) => {
    for (const band of region.bands) {
      if (!band.mass) [band.mass, band.lower, band.upper] = band.at.map((at) => floats(at, band.n));
    }
    return region.bands;
  };

  // Excluded couplings at a mass, [low, high] each, high null where there is no end.
  function excluded(layer, level, mass) {
    const found = [];
    for (const band of bandsOf(layer.regions[level])) {
      const i = before(band.mass, mass);
      if (i < 0 || (i === band.n - 1 && mass > band.mass[i])) continue;
      const j = Math.min(i, band.n - 2);
      const f = band.n > 1 ? Math.log(mass / band.mass[j]) / Math.log(band.mass[j + 1] / band.mass[j]) : 0;
      const at = (edge) => {
        const [p, q] = [edge[j], edge[Math.min(j + 1, band.n - 1)]];
        return p > 0 && q > 0 && p < Infinity && q < Infinity ? p * (q / p) ** f : f < 0.5 ? p : q;
      };
      found.push([at(band.lower), at(band.upper)]);
    }
    found.sort((p, q) => p[0] - q[0]);
    let intervals = found;
    if (layer.kind === "preferred band") {
      intervals = [];
      let reached = 0;
      for (const [low, high] of found) {
        if (low > reached) intervals.push([reached, low]);
        reached = Math.max(reached, high);
      }
      if (reached < Infinity) intervals.push([reached, Infinity]);
    }
    return intervals.map(([low, high]) => [low, high === Infinity ? null : high]);
  }

  // ---- what stands at a point --------------------------------------------------------------------------------------
  const VERDICTS = {
    measurement: ["allowed", "excluded"], limit: ["allowed", "excluded"],
    "preferred band": ["inside the band", "outside the band"], projection: ["allowed", "would be excluded"],
  };
  const ORDER = ["excluded", "outside the band", "would be excluded", "allowed", "inside the band", "no constraint"];

  function row(layer, level, mass, coupling) {
    const s = read(layer.statistic, mass, coupling);
    const known = !Number.isNaN(s);
    const intervals = known ? excluded(layer, level, mass) : [];
    const out = intervals.some(([low, high]) => coupling > low && (high === null || coupling < high));
    const p = layer.prediction;
    return {
      ...layer, intervals, out,
      verdict: known ? VERDICTS[layer.kind][Number(out)] : "no constraint",
      statistic: known ? s * s : null,
      threshold: layer.thresholds[level],
      pull: known && p ? s : null,
      prediction: !known || !p ? null : "error" in p ? p.data + p.error * s : read(p, mass, coupling),
      convention: layer.regions[level].convention,
      reason: known ? null : "nothing was published at this mass",
    };
  }

  const place_ = (verdict) => Math.min(ORDER.indexOf(verdict), ORDER.indexOf(verdict) === 4 ? 3 : 9);
  const ranked = (rows) => rows.sort((p, q) => place_(p.verdict) - place_(q.verdict)
    || q.statistic / q.threshold - p.statistic / p.threshold || p.name.localeCompare(q.name));

  // ---- words -------------------------------------------------------------------------------------------------------
  const UP = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  function words(x, digits = 3) {
    if (x === null || x === undefined || Number.isNaN(x)) return "–";
    if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
    const size = Math.abs(x);
    if (x === 0 || (size >= 1e-3 && size < 1e4)) return String(Number(x.toPrecision(digits))).replace("-", "−");
    const [m, e] = x.toExponential(digits - 1).split("e");
    const power = `10${[...String(Number(e))].map((c) => UP[c]).join("")}`;
    return (Number(m) === 1 ? power : `${Number(m)} × ${power}`).replace("-", "−");
  }
  const chance = (s) => (s === null ? "–" : s > 1e6 ? "> 10⁶" : s < 5e-4 ? "0" : words(s));
  const pullWords = (s) => (s === null ? "–" : Math.abs(s) > 1e3 ? (s < 0 ? "< −10³" : "> 10³") : String(Number(s.toFixed(Math.abs(s) < 10 ? 2 : 0)) + 0).replace("-", "−"));
  const intervalWords = (list) => (list.length === 0 ? "none"
    : list.map(([low, high]) => (high === null ? `above ${words(low)}` : low > 0 ? `${words(low)} to ${words(high)}` : `below ${words(high)}`)).join(", "));
  const dataWords = (text) => text.replace("+-", "±").replaceAll(/\d[\d.]*e[+-]\d+/g, (number) => words(Number(number), 4));
  const percent = (x) => `${Number((100 * x).toPrecision(x >= 0.995 ? 4 : 3))}%`;

  function element(tag, properties = {}, ...children) {
    const { dataset, ...rest } = properties;
    const made = Object.assign(document.createElement(tag), rest);
    Object.assign(made.dataset, dataset || {});
    made.append(...children);
    return made;
  }

  // ---- state -------------------------------------------------------------------------------------------------------
  const plot = $("plot");
  const state = { model: 0, level: 0, visible: new Map(), point: null };
  const model = () => meta.models[state.model];
  const usual = (one) => new Set(one.layers.filter((layer) => layer.shown).map((layer) => layer.name));
  meta.models.forEach((one, i) => state.visible.set(i, usual(one)));
  const visible = () => state.visible.get(state.model);
  const coarse = matchMedia("(hover: none), (pointer: coarse)").matches || (navigator.maxTouchPoints > 0 && innerWidth < 900);
  document.body.classList.toggle("coarse", coarse);

  meta.models.forEach((one, i) => $("model").append(element("option", { value: i, textContent: one.title })));
  meta.levels.forEach((level, i) => $("level").append(element("option", { value: i, textContent: percent(level) })));
  state.level = meta.levels.reduce((best, level, i) => (Math.abs(level - 0.95) < Math.abs(meta.levels[best] - 0.95) ? i : best), 0);
  $("level").value = state.level;

  // ---- drawing -----------------------------------------------------------------------------------------------------
  const tint = (colour, alpha) => {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    return `rgba(${r},${g},${b},${alpha})`;
  };
  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

  function outlines(region) {
    const [low, high] = [meta.axes.coupling[0] / 10, meta.axes.coupling[1] * 10];
    const fill = { x: [], y: [] }, edge = { x: [], y: [] };
    const add = (line, xs, ys) => { line.x.push(...xs, null); line.y.push(...ys, null); };
    for (const band of bandsOf(region)) {
      const lower = Array.from(band.lower, (y) => Math.max(y, low)), upper = Array.from(band.upper, (y) => Math.min(y, high));
      const xs = Array.from(band.mass);
      add(fill, [...xs, ...xs.slice().reverse(), xs[0]], [...lower, ...upper.slice().reverse(), lower[0]]);
      add(edge, xs, lower.map((y, i) => (band.lower[i] > 0 ? y : null)));
      add(edge, xs, upper.map((y, i) => (band.upper[i] < Infinity ? y : null)));
    }
    for (const [mass, from, to, unknown] of region.cuts) {
      // Where nothing is known beyond, there is no edge.
      if (!unknown) add(edge, [mass, mass], [Math.max(from, low), Math.min(to ?? Infinity, high)]);
    }
    return { fill, edge };
  }

  function traces() {
    const result = [];
    model().layers.forEach((layer) => {
      layer.traces = [];
      if (!layer.drawn) return;
      const { colour, hatch } = layer;
      const { fill, edge } = outlines(layer.regions[state.level]);
      const common = { type: "scatter", mode: "lines", hoverinfo: "skip", name: plain(layer.name), legendgroup: layer.name,
        visible: visible().has(layer.name), connectgaps: false };
      if (layer.kind !== "projection") {
        layer.traces.push(result.length);
        result.push({ ...common, ...fill, fill: "toself", line: { width: 0, color: colour }, showlegend: false,
          fillcolor: tint(colour, 0.16),
          fillpattern: hatch ? { shape: hatch, fillmode: "overlay", fgcolor: tint(colour, 0.4), bgcolor: tint(colour, 0.1), size: 10, solidity: 0.1 } : undefined });
      }
      layer.traces.push(result.length);
      layer.edge = result.length;
      result.push({ ...common, ...edge, line: { color: colour, width: 1.4, dash: layer.dash } });
    });
    state.marker = result.length;
    const at = state.point;
    result.push({ type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false, name: "point",
      x: at ? [at.mass] : [], y: at ? [at.coupling] : [],
      marker: { symbol: "x-thin", size: 13, color: "#000", line: { width: 2.5, color: "#000" } } });
    return result;
  }

  // From below the lowest edges of most layers that are shown at first: a few go on for decades.
  function lowest() {
    const lows = [];
    for (const layer of model().layers.filter((one) => one.shown)) {
      const edges = bandsOf(layer.regions[state.level]).flatMap((band) => Array.from(band.lower, (y) => y || meta.axes.coupling[0]));
      if (edges.length) lows.push(edges.reduce((p, q) => Math.min(p, q)));
    }
    lows.sort((p, q) => p - q);
    const low = lows.length ? lows[Math.floor(0.25 * lows.length)] : 0;
    return Math.max(low / 10, meta.axes.coupling[0]);
  }

  const home = () => {
    const log = Math.log10;
    return { x: meta.axes.mass.slice(0, 2).map(log), y: [Math.min(log(lowest()), log(meta.axes.coupling[1]) - 1), log(meta.axes.coupling[1])] };
  };

  function layout() {
    const { x, y } = home();
    const axis = (title, range, [low, high]) => ({ title: { text: title }, type: "log", range, minallowed: Math.log10(low), maxallowed: Math.log10(high),
      exponentformat: "power", showgrid: true, gridcolor: "#ececec", dtick: 1, ticks: "inside", minor: { ticks: "inside" }, mirror: true, showline: true, linecolor: "#333", zeroline: false });
    return {
      xaxis: axis("mass of the boson, GeV", x, meta.axes.mass), yaxis: axis(plain(model().coupling), y, meta.axes.coupling),
      margin: coarse || innerWidth < 700 ? { l: 58, r: 8, t: 44, b: 46 } : { l: 70, r: 14, t: 30, b: 50 },
      showlegend: false, hovermode: "closest", hoveranywhere: true, clickanywhere: true, dragmode: coarse ? false : "zoom",
      plot_bgcolor: "#fff", paper_bgcolor: "#fff", font: { size: 13, color: "#1c1c1c" }, uirevision: String(state.model),
      modebar: { bgcolor: "rgba(255,255,255,0)", color: "#555", activecolor: "#000" },
    };
  }

  // No button that would send the picture anywhere.
  const config = { responsive: true, displaylogo: false, displayModeBar: true, doubleClick: "reset", plotlyServerURL: "",
    modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]], scrollZoom: false };

  const draw = () => Plotly.react(plot, traces(), layout(), config);

  function show() {
    const layers = model().layers.filter((layer) => layer.drawn);
    const flags = [], places = [];
    for (const layer of layers) {
      for (const i of layer.traces) { places.push(i); flags.push(visible().has(layer.name)); }
    }
    if (places.length) Plotly.restyle(plot, { visible: flags }, places);
    ticks();
    if (state.point) remark();
  }

  // ---- the list of layers ------------------------------------------------------------------------------------------
  const SVG = "http://www.w3.org/2000/svg";
  const PATTERNS = { solid: "", dash: "5 3", dot: "2 2", dashdot: "5 2 2 2", longdash: "8 3", longdashdot: "8 2 2 2" };
  function swatch(layer) {
    const { colour } = layer;
    const svg = document.createElementNS(SVG, "svg");
    for (const [name, value] of Object.entries({ width: 30, height: 14, "aria-hidden": "true" })) svg.setAttribute(name, value);
    const rectangle = document.createElementNS(SVG, "rect");
    const filled = layer.kind === "projection" ? 0 : 0.25;
    for (const [name, value] of Object.entries({ x: 0, y: 0, width: 30, height: 14, fill: colour, "fill-opacity": filled })) rectangle.setAttribute(name, value);
    const line = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({ d: "M0 7H30", stroke: colour, "stroke-width": 2, "stroke-dasharray": PATTERNS[layer.dash] })) line.setAttribute(name, value);
    svg.append(rectangle, line);
    return svg;
  }

  const KINDS = { measurement: "", limit: "", "preferred band": "preferred band", projection: "projection" };

  function list() {
    const boxes = [];
    for (const [key, title] of Object.entries(meta.groups)) {
      const layers = model().layers.filter((layer) => layer.group === key);
      if (!layers.length) continue;
      const drawn = layers.filter((layer) => layer.drawn);
      const whole = element("input", { type: "checkbox", dataset: { group: key }, disabled: !drawn.length });
      whole.addEventListener("change", () => {
        for (const layer of drawn) visible()[whole.checked ? "add" : "delete"](layer.name);
        show();
      });
      const box = element("fieldset", {}, element("legend", {}, element("label", {}, whole, title)));
      for (const layer of drawn) {
        const input = element("input", { type: "checkbox", dataset: { layer: layer.name } });
        input.addEventListener("change", () => { visible()[input.checked ? "add" : "delete"](layer.name); show(); });
        const label = element("label", { className: "layer", title: layer.title }, input, swatch(layer),
          element("span", { className: "name" }, layer.name, element("small", { textContent: layer.title })),
          element("span", { className: "kind", textContent: KINDS[layer.kind] }));
        const thick = (width) => () => visible().has(layer.name) && Plotly.restyle(plot, { "line.width": width }, [layer.edge]);
        label.addEventListener("mouseenter", thick(4));
        label.addEventListener("mouseleave", thick(1.4));
        input.addEventListener("focus", thick(4));
        input.addEventListener("blur", thick(1.4));
        box.append(label);
      }
      const rest = layers.filter((layer) => !layer.drawn).map((layer) => layer.name);
      if (rest.length) box.append(element("p", { className: "nothing", textContent: `Excludes nothing here: ${rest.join(", ")}` }));
      boxes.push(box);
    }
    $("layers").replaceChildren(...boxes);
    ticks();
  }

  function ticks() {
    for (const input of document.querySelectorAll("#layers [data-layer]")) input.checked = visible().has(input.dataset.layer);
    for (const input of document.querySelectorAll("#layers [data-group]")) {
      const mine = model().layers.filter((layer) => layer.group === input.dataset.group && layer.drawn);
      const on = mine.filter((layer) => visible().has(layer.name)).length;
      input.checked = on > 0 && on === mine.length;
      input.indeterminate = on > 0 && on < mine.length;
    }
  }

  const choose = (test) => () => {
    state.visible.set(state.model, new Set(model().layers.filter((layer) => layer.drawn && test(layer)).map((layer) => layer.name)));
    show();
  };
  $("all").addEventListener("click", choose(() => true));
  $("none").addEventListener("click", choose(() => false));
  $("usual").addEventListener("click", choose((layer) => layer.shown));

  // ---- pointing ----------------------------------------------------------------------------------------------------
  const LISTED = 12;
  const shownRows = (mass, coupling) => ranked(model().layers.filter((layer) => layer.drawn && visible().has(layer.name))
    .map((layer) => row(layer, state.level, mass, coupling)));

  function tip(mass, coupling, event) {
    const rows = shownRows(mass, coupling);
    const saying = rows.filter((one) => one.statistic !== null);
    const body = element("tbody", {}, ...saying.slice(0, LISTED).map((one) => element("tr", { className: one.out ? "out" : "" },
      element("td", { textContent: one.name }), element("td", { textContent: chance(one.statistic) }),
      element("td", { className: "pale", textContent: one.out ? one.verdict : "" }))));
    const more = saying.length - LISTED;
    $("tip").replaceChildren(
      element("strong", { textContent: `m = ${words(mass)} GeV, ${symbol()} = ${words(coupling)}` }),
      element("div", { className: "pale", textContent: saying.length ? `2 Δln L, ${percent(meta.levels[state.level])} CL` : "no visible layer says anything here" }),
      element("table", {}, body),
      element("div", { className: "pale", textContent: more > 0 ? `and ${more} more, all allowed or weaker` : "" }));
    const box = $("tip");
    box.hidden = false;
    const [x, y, w, h] = [event.clientX, event.clientY, box.offsetWidth, box.offsetHeight];
    box.style.left = `${x + 18 + w < innerWidth ? x + 18 : Math.max(4, x - w - 18)}px`;
    box.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - h - 4))}px`;
  }
  const hideTip = () => { $("tip").hidden = true; };
  const symbol = () => model().symbol;

  const inside = (mass, coupling) => [[mass, meta.axes.mass], [coupling, meta.axes.coupling]]
    .every(([x, [low, high]]) => x >= low * (1 - 1e-9) && x <= high * (1 + 1e-9));
  const clamped = (x, [low, high]) => Math.min(Math.max(x, low), high);

  function remark() {
    const { mass, coupling } = state.point;
    const rows = shownRows(mass, coupling);
    const out = rows.filter((one) => one.verdict === "excluded").map((one) => one.name);
    const of = rows.filter((one) => one.statistic !== null).length;
    $("readout").textContent = `m = ${words(mass)} GeV, ${symbol()} = ${words(coupling)}: `
      + (out.length ? `excluded at ${percent(meta.levels[state.level])} CL by ${out.join(", ")}` : `not excluded at ${percent(meta.levels[state.level])} CL`)
      + ` (${of} visible layers say something here).`;
  }

  function move(mass, coupling) {
    state.point = { mass: clamped(mass, meta.axes.mass), coupling: clamped(coupling, meta.axes.coupling) };
    $("mass").value = Number(state.point.mass.toPrecision(4));
    $("coupling").value = Number(state.point.coupling.toPrecision(4));
    $("mass").setCustomValidity("");
    $("coupling").setCustomValidity("");
    Plotly.restyle(plot, { x: [[state.point.mass]], y: [[state.point.coupling]] }, [state.marker]);
    remark();
  }

  // ---- the table ---------------------------------------------------------------------------------------------------
  function papers(sources) {
    const cell = element("td", { className: "papers" });
    sources.forEach((source, i) => {
      if (i) cell.append(", ");
      cell.append(element("a", { href: source.url, target: "_blank", rel: "noopener", textContent: source.key, title: `${source.role}: ${source.paper}, ${source.place}` }));
    });
    return cell;
  }

  function fill(rows, exact) {
    const { mass, coupling } = state.point;
    ranked(rows);
    const level = percent(meta.levels[state.level]);
    const out = rows.filter((one) => one.verdict === "excluded").map((one) => one.name);
    const saying = rows.filter((one) => one.statistic !== null);
    $("which").textContent = `${model().title}: m = ${words(mass, 4)} GeV, ${symbol()} = ${words(coupling, 4)}`;
    $("verdict").textContent = (out.length ? `Excluded at ${level} CL by ${out.join(", ")}.` : `No data exclude this point at ${level} CL.`)
      + ` ${saying.length} of ${rows.length + model().silent.length} measurements say something about it. `
      + (exact ? "Computed for this point." : "2 Δln L and predictions are read from tables, excluded couplings from the exact edges.");
    const number = (text, title = "") => element("td", { className: "number", textContent: text, title });
    $("rows").replaceChildren(...saying.map((one) => element("tr", { className: one.out ? "out" : "", dataset: { name: one.name } },
      element("td", { className: "name" }, one.name, element("small", { textContent: one.title })),
      element("td", { className: "verdict", textContent: one.verdict }),
      number(chance(one.statistic), !exact && one.accuracy ? `read from a table; within ${percent(Number(one.accuracy.percentile_95.toPrecision(2)))} at 95% of points tried` : ""),
      number(words(one.threshold)), number(pullWords(one.pull)), number(words(one.prediction)),
      number(dataWords(one.data)), number(intervalWords(one.intervals)), papers(one.sources))));
    const reasons = new Map();
    const because = (reason, name) => reasons.set(reason, [...(reasons.get(reason) || []), name]);
    rows.filter((one) => one.statistic === null).forEach((one) => because(one.reason, one.name));
    model().silent.forEach((one) => because(`${one.verdict}: ${one.reason}`, one.name));
    $("silent").replaceChildren(...Array.from(reasons, ([reason, names]) => element("li", { textContent: `${names.join(", ")}: ${reason}` })));
    const conventions = new Map();
    saying.forEach((one) => conventions.set(one.convention, [...(conventions.get(one.convention) || []), one.name]));
    $("conventions").replaceChildren(...Array.from(conventions, ([text, names]) => element("li", { textContent: `${text}: ${names.join(", ")}` })));
    $("explanation").hidden = false;
    $("explanation").dataset.exact = String(exact);
  }

  async function explain() {
    const { mass, coupling } = state.point;
    const asked = state.asked = {};
    fill(model().layers.map((layer) => row(layer, state.level, mass, coupling)), false);
    if (!meta.live) return;
    const query = new URLSearchParams({ model: model().name, level: meta.levels[state.level], mass, coupling });
    try {
      const answer = await fetch(`explain?${query}`);
      const content = await answer.json();
      if (state.asked !== asked) return;
      if (answer.ok) fill(content.rows, true); else complain(content.error);
    } catch {
      $("verdict").textContent += " (recast serve does not answer.)";
    }
  }

  $("point").addEventListener("submit", (event) => {
    event.preventDefault();
    const values = ["mass", "coupling"].map((name) => {
      const value = Number($(name).value), [low, high] = meta.axes[name];
      const fits = value >= low && value <= high;
      $(name).setCustomValidity(fits ? "" : `This page holds values from ${words(low)} to ${words(high)}.`);
      if (!fits) $(name).reportValidity();
      return fits ? value : null;
    });
    if (values.includes(null)) return;
    move(...values);
    explain();
    $("which").focus();
  });
  for (const name of ["mass", "coupling"]) $(name).addEventListener("input", () => $(name).setCustomValidity(""));

  // ---- keys --------------------------------------------------------------------------------------------------------
  const STEP = 1 / 100;
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const axes = [plot.layout.xaxis.range, plot.layout.yaxis.range].map((range) => range.map(Number));
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key in arrows) {
      const from = state.point ? [Math.log10(state.point.mass), Math.log10(state.point.coupling)] : axes.map(([p, q]) => (p + q) / 2);
      const far = event.shiftKey ? 10 : 1;
      const to = from.map((x, i) => 10 ** (x + far * STEP * arrows[event.key][i] * (axes[i][1] - axes[i][0])));
      move(...to);
    } else if (event.key === "Enter" && event.target === plot && state.point) explain();
    else if (["+", "=", "-"].includes(event.key)) zoom(event.key === "-" ? 1.25 : 0.8, axes);
    else if (event.key === "0") Plotly.relayout(plot, { "xaxis.range": home().x, "yaxis.range": home().y });
    else return;
    event.preventDefault();
  });

  function zoom(factor, axes) {
    const middle = axes.map(([p, q]) => (p + q) / 2);
    if (state.point && factor < 1) {
      [Math.log10(state.point.mass), Math.log10(state.point.coupling)].forEach((x, i) => { middle[i] = x; });
    }
    const ranges = axes.map(([p, q], i) => [middle[i] - factor * (q - p) / 2, middle[i] + factor * (q - p) / 2]);
    Plotly.relayout(plot, { "xaxis.range": ranges[0], "yaxis.range": ranges[1] });
  }

  // ---- downloads ---------------------------------------------------------------------------------------------------
  function download(name, type, text) {
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  const stem = () => `${model().name.replace(/[^a-z0-9_]+/gi, "-")}_${Number((100 * meta.levels[state.level]).toPrecision(4))}cl`;
  const shownLayers = () => model().layers.filter((layer) => layer.drawn && visible().has(layer.name));
  const quoted = (text) => (/[",\n]/.test(String(text)) ? `"${text.replaceAll('"', '""')}"` : text);

  // What made the page, without what belongs to layers that are not shown.
  function origin() {
    const layers = shownLayers();
    const keys = new Set([...model().sources, ...layers.flatMap((layer) => layer.sources)].map((source) => source.key));
    const conventions = new Set(layers.map((layer) => layer.regions[state.level].convention));
    return meta.origin.filter((line) => {
      const [, kind, rest] = line.match(/^(\S+): (.*)$/) || [];
      if (kind === "cites") return keys.has(rest.split(",")[0]);
      return kind !== "convention" || conventions.has(rest);
    });
  }

  $("csv").addEventListener("click", () => {
    const lines = [`title: ${model().title}, ${percent(meta.levels[state.level])} CL`, "mass_unit: GeV", "coupling_unit: dimensionless",
      "note: edges are solved at each mass", ...origin()].map((line) => `# ${line}`);
    lines.push("region,model,measurements,shown,confidence_level,edge,line,mass,coupling");
    for (const layer of shownLayers()) {
      const region = layer.regions[state.level];
      const level = region.convention.includes("without a confidence level") ? "" : meta.levels[state.level];
      const said = [layer.title, model().name, layer.name, layer.kind === "preferred band" ? "allowed" : "excluded", level].map(quoted);
      let line = 0;
      for (const band of bandsOf(region)) {
        for (const edge of ["lower", "upper"]) {
          let going = false;
          for (let i = 0; i < band.n; i++) {
            const y = band[edge][i], there = y > 0 && y < Infinity;
            if (there && !going) line += 1;
            going = there;
            if (there) lines.push([...said, edge, line, Number(band.mass[i].toPrecision(7)), Number(y.toPrecision(7))].join(","));
          }
        }
      }
    }
    download(`${stem()}.csv`, "text/csv", `${lines.join("\n")}\n`);
  });

  $("svg").addEventListener("click", async () => {
    const names = new Set(shownLayers().map((layer) => layer.name));
    const data = plot.data.filter((trace) => names.has(trace.legendgroup) || (trace.name === "point" && trace.x.length));
    const { xaxis, yaxis } = plot.layout;
    const width = 1000, height = Math.max(700, 130 + 19 * names.size);
    const figure = { data, layout: { ...layout(), xaxis: { ...layout().xaxis, range: [...xaxis.range] }, yaxis: { ...layout().yaxis, range: [...yaxis.range] },
      title: { text: `${plain(model().title)}, ${percent(meta.levels[state.level])} CL`, font: { size: 16 } },
      margin: { l: 75, r: 20, t: 50, b: 60 }, showlegend: true, legend: { font: { size: 11 }, tracegroupgap: 0 } } };
    const url = await Plotly.toImage(figure, { format: "svg", width, height });
    const svg = decodeURIComponent(url.slice(url.indexOf(",") + 1));
    const made = origin().map(plain).join("\n");
    download(`${stem()}.svg`, "image/svg+xml", svg.replace(/(<svg[^>]*>)/, `$1<desc>${made}</desc>`));
  });

  // ---- all together ------------------------------------------------------------------------------------------------
  function footnotes() {
    const known = model().layers.filter((layer) => layer.accuracy);
    const worst = known.slice().sort((p, q) => q.accuracy.percentile_95 - p.accuracy.percentile_95)[0];
    const good = known.map((layer) => layer.accuracy.percentile_95).sort((p, q) => p - q)[Math.floor(known.length / 2)];
    const rough = (x) => `${Number((100 * x).toPrecision(x >= 0.1 ? 2 : 1))}%`;
    $("accuracy").textContent = "Edges of regions are solved at each mass and exact. 2 Δln L at the pointer is interpolated between "
      + `${masses} × ${couplings} points; between 0.5 and 50 it lies within `
      + (worst ? `${rough(good)} (half of the layers) to ${rough(worst.accuracy.percentile_95)} (${worst.name}) of the exact value at 95% of points tried.` : "a few percent of the exact value.");
    $("made").textContent = meta.origin.slice(0, 2).join("; ");
    $("origin").replaceChildren(...meta.origin.map((line) => element("li", { textContent: line })));
    document.title = `${model().title} – recast explore`;
  }

  $("model").addEventListener("change", () => {
    state.model = Number($("model").value);
    list();
    draw();
    footnotes();
    if (state.point) { remark(); if (!$("explanation").hidden) explain(); }
  });
  $("level").addEventListener("change", () => {
    state.level = Number($("level").value);
    draw();
    if (state.point) { remark(); if (!$("explanation").hidden) explain(); }
  });

  list();
  footnotes();
  await Plotly.newPlot(plot, traces(), layout(), config);
  plot.on("plotly_hover", (event) => {
    const [mass, coupling] = [event.xvals[0], event.yvals[0]];
    if (!coarse && event.event && inside(mass, coupling)) tip(mass, coupling, event.event);
  });
  plot.on("plotly_unhover", hideTip);
  plot.addEventListener("mouseleave", hideTip);
  addEventListener("scroll", hideTip, { passive: true });
  plot.on("plotly_click", (event) => {
    const [mass, coupling] = [event.xvals[0], event.yvals[0]];
    if (!inside(mass, coupling)) return;
    move(mass, coupling);
    explain();
    if (coarse) $("readout").scrollIntoView({ block: "nearest" });
  });
  document.body.dataset.ready = "true";
})();
